package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QemuCommandLineTest {
  private static final VmConfig CONFIG = config(new DeviceLimits(1 << 20, 0, 0));

  @Test
  void clockIsGivenToTranslatedGuestsOnly() {
    assertThat(line(Accelerator.TCG)).contains("tsc_early_khz=");
    assertThat(line(Accelerator.KVM)).doesNotContain("tsc_early_khz=").contains("-cpu host");
  }

  @Test
  void filesAreDescriptorsAndDenialsAreOn() {
    assertThat(line(Accelerator.TCG))
        .contains("-kernel /proc/self/fd/5 -initrd /proc/self/fd/6")
        .contains("fd=4,set=1")
        .contains("tap,id=net,fd=3")
        .contains("-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny")
        .doesNotContain("/images");
  }

  @Test
  void memoryCanStayWhereItIsInASnapshot() {
    assertThat(line(Accelerator.TCG))
        .contains("memory-backend-memfd,share=on,id=mem,size=352M")
        .contains("-smp 2");
  }

  @Test
  void theDriveIsAsSlowAsAskedFor() {
    assertThat(line(Accelerator.TCG))
        .contains("file=/dev/fdset/1,throttling.bps-total=1048576 ")
        .doesNotContain("iops");
  }

  @Test
  void aNetworkThatIsToBeLimitedIsRefused(@TempDir Path programs) {
    var vmm = new QemuVmm(new Qemu(Path.of("/bin/false"), "7.2"), Accelerator.TCG, programs);

    assertThatThrownBy(() -> vmm.boot(config(new DeviceLimits(0, 0, 1))))
        .isInstanceOf(SkepException.class)
        .hasMessage(
            "microvm.netBandwidth: QEMU does not limit the network (expected: 0, or Firecracker)");
  }

  @Test
  void aMachineThatWaitsForItsStateHasTheSameDevicesButNothingToBoot() {
    String incoming =
        String.join(" ", new QemuCommandLine("qemu", Accelerator.TCG).ofIncoming(CONFIG, 3, 4));

    assertThat(incoming)
        .contains("memory-backend-ram,id=mem,size=352M")
        .contains("fd=4,set=1")
        .contains("tap,id=net,fd=3")
        .contains("-incoming defer")
        .doesNotContain("-kernel")
        .doesNotContain("-append");
  }

  @Test
  void processCanBeRecognizedByTheSandboxsId() {
    assertThat(line(Accelerator.TCG)).contains("-name skep-abcdefghij");
  }

  private static VmConfig config(DeviceLimits limits) {
    return new VmConfig(
        "abcdefghij",
        Path.of("/state/sandboxes/abcdefghij"),
        2,
        352L << 20,
        Path.of("/cache/vmlinux"),
        Path.of("/cache/initrd"),
        List.of("quiet"),
        Path.of("/images/x.erofs"),
        new VmConfig.VmNetwork(Path.of("/run/netns/skep-ab3f-1"), "tap0", "02:00:00:00:00:02"),
        limits,
        1879100001L,
        List.of());
  }

  private static String line(Accelerator accelerator) {
    var files = new QemuCommandLine.Descriptors(3, 4, 5, 6);
    return String.join(" ", new QemuCommandLine("qemu", accelerator).of(CONFIG, files));
  }
}
