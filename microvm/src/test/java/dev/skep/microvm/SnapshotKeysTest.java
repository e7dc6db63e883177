package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.sandbox.Mount;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotKeysTest {
  private static final ProcessSpec PROCESS =
      new ProcessSpec(List.of("/hello"), Map.of("COLOUR", "red"), "", "/");

  @TempDir Path folder;
  private Path kernel;
  private BootParts parts;

  @BeforeEach
  void kernel() throws IOException {
    kernel = Files.writeString(folder.resolve("vmlinux"), "kernel");
    parts = parts("QEMU 7.2.22, TCG", kernel);
  }

  @Test
  void sandboxesThatDifferInNothingButThemselvesShareAKey() {
    assertThat(key("sandbox001", PROCESS))
        .isEqualTo(key("sandbox002", PROCESS))
        .startsWith("sha256:");
  }

  @Test
  void vhive3AnotherEnvironmentIsAnotherKey() {
    var blue = new ProcessSpec(PROCESS.argv(), Map.of("COLOUR", "blue"), "", "/");
    assertThat(key("sandbox001", blue)).isNotEqualTo(key("sandbox001", PROCESS));
  }

  @Test
  void otherFilesAreAnotherKeyAndTheSameOnesAreTheSame() {
    assertThat(withFile("a")).isEqualTo(withFile("a")).isNotEqualTo(withFile("b"));
    assertThat(withFile("a")).isNotEqualTo(key("sandbox001", PROCESS));
  }

  private String withFile(String content) {
    var file = Map.of("f", content.getBytes(StandardCharsets.UTF_8));
    List<Mount> mounts = List.of(new Mount.Files("/etc/app", file, 0644));
    return SnapshotKeys.of(spec("sandbox001", PROCESS).withMounts(mounts), parts);
  }

  @Test
  void anotherVmmIsAnotherKey() {
    String here = SnapshotKeys.of(spec("sandbox001", PROCESS), parts);
    BootParts other = parts("Firecracker 1.13.1, KVM", kernel);
    assertThat(SnapshotKeys.of(spec("sandbox001", PROCESS), other)).isNotEqualTo(here);
  }

  @Test
  void theSameKernelElsewhereIsTheSameKeyAndAnotherOneIsNot() throws IOException {
    String here = SnapshotKeys.of(spec("sandbox001", PROCESS), parts);
    Path copy = Files.copy(kernel, folder.resolve("copy"));
    assertThat(SnapshotKeys.of(spec("sandbox001", PROCESS), parts("QEMU 7.2.22, TCG", copy)))
        .isEqualTo(here);
    Path other = Files.writeString(folder.resolve("other"), "KERNEL");
    assertThat(SnapshotKeys.of(spec("sandbox001", PROCESS), parts("QEMU 7.2.22, TCG", other)))
        .isNotEqualTo(here);
  }

  private String key(String id, ProcessSpec process) {
    return SnapshotKeys.of(spec(id, process), parts);
  }

  private SandboxSpec spec(String id, ProcessSpec process) {
    return new SandboxSpec(
        id,
        "host-" + id,
        Map.of(),
        folder.resolve("image.erofs"),
        "sha256:" + "0".repeat(64),
        process,
        new Resources(1, 64L << 20),
        8080,
        Probe.onPort(),
        Duration.ofSeconds(1),
        NetworkPolicy.DEFAULT,
        folder.resolve(id + ".log"));
  }

  private static BootParts parts(String description, Path kernel) {
    return new BootParts(new NamedVmm(description), kernel, Path.of("initrd-1.cpio"));
  }

  /** Says who it is, and no more. */
  private record NamedVmm(String description) implements Vmm {
    @Override
    public long overheadBytes() {
      return 0;
    }

    @Override
    public Vm boot(VmConfig config) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean waitsForAny() {
      return false;
    }

    @Override
    public WaitingVm prepare(VmConfig config, VmSnapshot snapshot) {
      throw new UnsupportedOperationException();
    }
  }
}
