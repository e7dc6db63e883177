package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.testkit.firecracker.FakeFirecracker;
import dev.skep.testkit.firecracker.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** By what guests run, for what is installed and works. */
class HostVmmTest {
  /** That boots no guest: KVM is then of no use to it. */
  private static final Qemu QEMU = new Qemu(Path.of("/bin/false"), "7.2");

  @TempDir Path folder;

  @Test
  void firecrackerIsTakenWhereItBootsAGuestAndQemuIfItIsAskedFor() throws IOException {
    Assumptions.assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "no /dev/kvm to be had");
    HostVmm host = host(fake("1.17.0-dev"));
    Files.writeString(folder.resolve("kernel"), "a kernel");

    assertThat(choice(host, VmmChoice.AUTO)).isEqualTo("Firecracker 1.17.0-dev, KVM");
    assertThat(choice(host, VmmChoice.FIRECRACKER)).isEqualTo("Firecracker 1.17.0-dev, KVM");
    assertThat(choice(host, VmmChoice.QEMU)).isEqualTo("QEMU 7.2, TCG");
    assertThat(folder.resolve("kvm-verdict-firecracker.json")).exists();
  }

  @Test
  void withoutFirecrackerGuestsRunUnderQemu() {
    var host = new HostVmm(folder, () -> Optional.of(QEMU), Optional::empty);

    assertThat(choice(host, VmmChoice.AUTO)).isEqualTo("QEMU 7.2, TCG");
    assertThatThrownBy(() -> choice(host, VmmChoice.FIRECRACKER))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.UNSUPPORTED))
        .hasMessageStartingWith("Firecracker: not installed");
  }

  @Test
  void aFirecrackerThatBootsNoGuestIsNotUsedUnlessItIsAskedFor() throws IOException {
    HostVmm host = host(fake("1.17.0-dev")); // and there is no kernel

    assertThat(choice(host, VmmChoice.AUTO)).isEqualTo("QEMU 7.2, TCG");
    assertThatThrownBy(() -> choice(host, VmmChoice.FIRECRACKER))
        .isInstanceOf(SkepException.class)
        .hasMessageStartingWith("Firecracker: 1.17.0-dev: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.25.0", "1.0.0", "1.6.0"})
  void olderFirecrackersAreRefused(String version) throws IOException {
    HostVmm host = host(fake(version));

    assertThat(choice(host, VmmChoice.AUTO)).isEqualTo("QEMU 7.2, TCG");
    assertThatThrownBy(() -> choice(host, VmmChoice.FIRECRACKER))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining(
            "firecracker: Firecracker v" + version + " (expected: Firecracker 1.7 or later)");
  }

  @Test
  void aFirecrackerWithoutFirmwareTablesNeedsAKernelThatFindsDevicesWithoutThem()
      throws IOException {
    Assumptions.assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "no /dev/kvm to be had");
    HostVmm host = host(fake("1.7.0"));
    Files.writeString(folder.resolve("kernel"), "x".repeat(3 << 20) + "virtio_mmio.devices\0");

    assertThat(choice(host, VmmChoice.AUTO)).isEqualTo("QEMU 7.2, TCG");
    assertThatThrownBy(() -> choice(host, VmmChoice.FIRECRACKER))
        .hasMessageContaining("1.7.0: its guests find no devices (expected: 1.8 or later, or");

    Files.writeString(folder.resolve("kernel"), "x".repeat((1 << 20) - 5) + "virtio_mmio.device\0");
    assertThat(choice(host, VmmChoice.AUTO)).isEqualTo("Firecracker 1.7.0, KVM");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.7.0", "1.16.1", "2.0.0"})
  void laterOnesAreKnownByTheirWholeVersion(String version) throws IOException {
    assertThat(Firecracker.at(fake(version)).version()).isEqualTo(version);
  }

  @Test
  void whatIsNoFirecrackerIsRefused() {
    assertThatThrownBy(() -> Firecracker.at(Path.of("/bin/echo")))
        .isInstanceOf(SkepException.class)
        .hasMessageStartingWith("/bin/echo: '")
        .hasMessageEndingWith("(expected: Firecracker 1.7 or later)");
  }

  private HostVmm host(Path firecracker) {
    return new HostVmm(
        folder, () -> Optional.of(QEMU), () -> Optional.of(Firecracker.at(firecracker)));
  }

  private Path fake(String version) throws IOException {
    return FakeFirecracker.install(folder, Settings.observed().withVersion(version));
  }

  private String choice(HostVmm host, VmmChoice choice) {
    Path kernel = folder.resolve("kernel");
    return host.choose(choice, kernel, folder.resolve("initrd"), folder.resolve("bin"))
        .description();
  }
}
