package dev.skep.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import dev.skep.linux.Mounts;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real file systems in loop devices. */
@Tag("integration")
class LoopDisksTest {
  private static final long MIB = 1L << 20;

  @TempDir Path root;
  private Path image;
  private Path folder;
  private LoopDisks disks;

  @BeforeEach
  void make() throws IOException {
    Assumptions.assumeTrue(
        "root".equals(System.getProperty("user.name")), "needs root: loop devices, mounts");
    Assumptions.assumeTrue(
        Command.of("mkfs.ext4", "-V").tryRun().isPresent(), "needs mkfs.ext4 of e2fsprogs");
    image = root.resolve("claim.img");
    folder = Files.createDirectory(root.resolve("claim"));
    disks = new LoopDisks(root);
    disks.make(image, 16 * MIB);
    disks.open(image, folder);
  }

  @AfterEach
  void unmount() throws IOException {
    Mounts.detachAll(root);
  }

  /** How many bytes of so many there was room for. */
  private long write(String name, long bytes) {
    byte[] block = new byte[64 << 10];
    long written = 0;
    try (var out = Files.newOutputStream(folder.resolve(name))) {
      for (; written < bytes; written += block.length) {
        out.write(block);
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left on device");
    }
    return written;
  }

  private boolean hasDevice() {
    return !Command.of("losetup", "-j", image.toString()).run().isBlank();
  }

  @Test
  void writesEndAtItsSizeAndTakeNoneOfTheHosts() throws IOException {
    assertThat(folder).isEmptyDirectory();
    long before = Files.getFileStore(root).getUsableSpace();
    assertThat(write("all", 64 * MIB)).isBetween(12 * MIB, 16 * MIB);
    assertThat(Files.size(image)).isEqualTo(16 * MIB);
    assertThat(Files.getFileStore(folder).getUsableSpace()).isLessThan(MIB / 8);
    assertThat(before - Files.getFileStore(root).getUsableSpace())
        .as("it was set aside before; others write here too")
        .isLessThan(8 * MIB);

    Files.delete(folder.resolve("all"));
    assertThat(write("less", 8 * MIB)).isEqualTo(8 * MIB);
  }

  @Test
  void closedOneLeavesNoMountAndNoDevice() {
    assertThat(disks.isOpen(folder)).isTrue();
    write("kept", MIB);
    disks.close(folder);
    assertThat(disks.isOpen(folder)).isFalse();
    assertThat(folder).isEmptyDirectory();
    disks.grow(image, 16 * MIB);
    assertThat(hasDevice()).isFalse();

    disks.open(image, folder);
    assertThat(folder.resolve("kept")).hasSize(MIB);
  }

  @Test
  void growsAndKeepsWhatIsInIt() {
    write("kept", 4 * MIB);
    disks.close(folder);
    disks.grow(image, 48 * MIB);
    disks.open(image, folder);
    assertThat(folder.resolve("kept")).hasSize(4 * MIB);
    assertThat(write("more", 64 * MIB)).isGreaterThan(30 * MIB);
  }

  @Test
  void growthThatADaemonDidNotFinishIsFinished() throws IOException {
    disks.close(folder);
    disks.grow(image, 16 * MIB); // waits for the release
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(32 * MIB);
    }
    disks.open(image, folder);
    assertThat(write("all", 64 * MIB)).isGreaterThan(24 * MIB);
  }

  @Test
  void closedForSandboxesWithMountsOfTheirOwnToo() throws IOException {
    Process sandbox =
        new ProcessBuilder("unshare", "-m", "--propagation", "slave", "sleep", "60").start();
    try {
      disks.close(folder);
      disks.grow(image, 16 * MIB);
      assertThat(hasDevice()).isFalse();
    } finally {
      sandbox.destroyForcibly();
    }
  }

  @Test
  void doesNotGrowUnderSomebodyWhoUsesIt() throws IOException {
    try (var _ = Files.newOutputStream(folder.resolve("open"))) {
      disks.close(folder);
      assertThatThrownBy(() -> disks.grow(image, 32 * MIB))
          .isInstanceOfSatisfying(
              SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.CONFLICT));
      disks.open(image, folder);
      assertThat(write("all", 64 * MIB)).as("the same file system").isLessThan(16 * MIB);
    }
  }

  @Test
  void whatTheDiskHasNotIsRefused() {
    Path large = root.resolve("large.img");
    assertThatThrownBy(() -> disks.make(large, 1L << 50))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.EXHAUSTED));
    assertThat(root.toFile().list()).containsExactlyInAnyOrder("claim", "claim.img");
  }
}
