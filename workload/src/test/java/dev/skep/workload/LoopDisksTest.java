package dev.skep.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import dev.skep.linux.Mounts;
import dev.skep.workload.LoopDisks.Step;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** Something to lose. */
  private void keep() throws IOException {
    byte[] content = new byte[(int) (4 * MIB)];
    new Random(1).nextBytes(content);
    Files.write(folder.resolve("kept"), content);
  }

  private void isKept() throws IOException {
    byte[] content = new byte[(int) (4 * MIB)];
    new Random(1).nextBytes(content);
    assertThat(folder.resolve("kept")).hasBinaryContent(content);
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
    await().until(() -> !hasDevice());

    disks.open(image, folder);
    assertThat(folder.resolve("kept")).hasSize(MIB);
  }

  @Test
  void growsAndKeepsWhatIsInIt() {
    write("kept", 4 * MIB);
    disks.close(folder);
    disks.grow(image, 48 * MIB);
    isSound();
    disks.open(image, folder);
    assertThat(folder.resolve("kept")).hasSize(4 * MIB);
    assertThat(write("more", 64 * MIB)).isGreaterThan(30 * MIB);
  }

  /** The end of the daemon: nobody cleans up. */
  private static final class Crash extends Error {
    private static final long serialVersionUID = 1L;
  }

  private LoopDisks diesAt(Step wanted) {
    return new LoopDisks(
        root,
        step -> {
          if (step == wanted) {
            throw new Crash();
          }
        });
  }

  @ParameterizedTest
  @EnumSource(names = {"COPIED", "CHECKED", "RESIZED", "DONE"})
  void growthThatIsCutShortIsDoneAgain(Step step) throws IOException {
    keep();
    disks.close(folder);
    assertThatThrownBy(() -> diesAt(step).grow(image, 48 * MIB)).isInstanceOf(Crash.class);
    assertThat(disks.size(image)).isEqualTo((step == Step.DONE ? 48 : 16) * MIB);

    disks.open(image, folder);
    assertThat(root.toFile().list()).containsExactlyInAnyOrder("claim", "claim.img");
    isKept();
    disks.close(folder);
    disks.grow(image, 48 * MIB);
    isSound();
    disks.open(image, folder);
    isKept();
    assertThat(write("more", 64 * MIB)).isGreaterThan(30 * MIB);
  }

  /** In the eyes of a check that looks at everything and mends nothing. */
  private void isSound() {
    Command.of("e2fsck", "-f", "-n", image.toString()).run();
  }

  @ParameterizedTest
  @EnumSource(names = {"SPACE_TAKEN", "FORMATTED", "DONE"})
  void oneThatIsHalfMadeIsMadeAnewOrIsWhole(Step step) {
    Path other = root.resolve("other.img");
    assertThatThrownBy(() -> diesAt(step).make(other, 16 * MIB)).isInstanceOf(Crash.class);
    assertThat(Files.exists(other)).isEqualTo(step == Step.DONE);
    disks.make(other, 16 * MIB);
    disks.close(folder);
    disks.open(other, folder);
    assertThat(write("all", 8 * MIB)).isEqualTo(8 * MIB);
    assertThat(root.toFile().list()).containsExactlyInAnyOrder("claim", "claim.img", "other.img");
  }

  /** Killed wherever it is just then, resize2fs leaves halves of superblocks, and worse. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 4, 8, 16, 32})
  void resize2fsThatIsKilledHarmsNothing(int millis) throws Exception {
    keep();
    disks.close(folder);
    var dying =
        new LoopDisks(
            root,
            step -> {
              if (step == Step.CHECKED) {
                killSoon(millis);
              }
            });
    try {
      dying.grow(image, 512 * MIB);
    } catch (SkepException e) {
      assertThat(disks.size(image)).as("as before").isEqualTo(16 * MIB);
    }
    isSound();
    disks.open(image, folder);
    isKept();
    assertThat(root.toFile().list()).containsExactlyInAnyOrder("claim", "claim.img");
  }

  private static void killSoon(int millis) {
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              long end = System.nanoTime() + 5_000_000_000L;
              while (System.nanoTime() < end) {
                for (ProcessHandle child : ProcessHandle.current().children().toList()) {
                  if (child.info().command().orElse("").endsWith("resize2fs")) {
                    LockSupport.parkNanos(millis * 1_000_000L);
                    child.destroyForcibly();
                    return;
                  }
                }
              }
            });
  }

  /** As after the host's own end: the journal is not empty. */
  @Test
  void uncleanOneIsRepairedBeforeItIsOpened() throws Exception {
    keep();
    Command.of("sync", "-f", folder.toString()).run();
    Path copy = root.resolve("copy.img");
    Files.copy(image, copy);
    disks.close(folder);
    disks.open(copy, folder);
    isKept();
  }

  @Test
  void damagedOneIsLeftAsItIsAndTold() throws IOException {
    disks.close(folder);
    disks.grow(image, 17 * MIB); // waits for the release
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(4096);
      file.write(new byte[(int) (4 * MIB)]);
    }
    assertThatThrownBy(() -> disks.open(image, folder))
        .hasMessageContainingAll("claim.img is damaged", "e2fsck -f -y");
    assertThat(disks.isOpen(folder)).isFalse();
  }

  @Test
  void whatACheckHasSavedStays() throws IOException {
    Files.createDirectory(folder.resolve("lost+found"));
    Files.writeString(folder.resolve("lost+found/#12"), "saved");
    disks.close(folder);
    disks.open(image, folder);
    assertThat(folder.resolve("lost+found/#12")).hasContent("saved");
  }

  @Test
  void closedForSandboxesWithMountsOfTheirOwnToo() throws IOException {
    Process sandbox =
        new ProcessBuilder("unshare", "-m", "--propagation", "slave", "sleep", "60").start();
    try {
      // only then its mounts are its own, and slaves
      await()
          .until(() -> sandbox.info().command().filter(name -> name.endsWith("sleep")).isPresent());
      assertThat(mountsOf(sandbox.pid())).contains(folder.toString());
      disks.close(folder);
      assertThat(mountsOf(sandbox.pid())).doesNotContain(folder.toString());
      await().until(() -> !hasDevice());
    } finally {
      sandbox.destroyForcibly();
    }
  }

  private static String mountsOf(long pid) throws IOException {
    return Files.readString(Path.of("/proc/" + pid + "/mounts"));
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
