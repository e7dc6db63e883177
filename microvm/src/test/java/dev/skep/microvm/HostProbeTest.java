package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostProbeTest {
  @TempDir Path cache;

  @Test
  void everyCapabilityHasAVerdictAndWhatIsNotOkHasSomethingToDo() {
    assertThat(new HostProbe(cache).capabilities())
        .extracting(Capability::name)
        .contains(
            "firecracker",
            "kvm",
            "tcg",
            "userfaultfd",
            "nftables",
            "fuse",
            "erofs",
            "cgroups",
            "ip");
    assertThat(new HostProbe(cache).capabilities())
        .filteredOn(each -> each.verdict() != Capability.Verdict.OK)
        .allSatisfy(each -> assertThat(each.todo()).isNotEmpty());
  }

  @Test
  @Tag("integration")
  void kvmIsJudgedByBootingAGuestAndTheVerdictIsKept() {
    TestHost.assumeUsable();
    var probe = new HostProbe(TestHost.cache());
    new KernelStore(TestHost.cache()).ensure();

    Capability kvm = named(probe, "kvm");

    assertThat(kvm.found()).doesNotContain("not probed");
    assertThat(TestHost.cache().resolve("kvm-verdict-qemu.json")).exists();
    assertThat(named(probe, "kvm")).isEqualTo(kvm);
  }

  private static Capability named(HostProbe probe, String name) {
    return probe.capabilities().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
