package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fills up leaves a message and nothing else. */
@Tag("integration")
class DiskFullTest {
  private static final ImageConfig CONFIG =
      new ImageConfig(List.of(), List.of(), Map.of(), "", "", Optional.empty(), "amd64");

  @TempDir Path folder;
  private Path disk;

  @BeforeEach
  void mountSmallDisk() throws IOException {
    Command.needRootAnd("mount");
    disk = Files.createDirectory(folder.resolve("disk"));
    Command.bash("mount -t tmpfs -o size=12m tmpfs \"$1\"", disk);
  }

  @AfterEach
  void unmount() {
    if (disk != null) {
      Command.bash("! mountpoint -q \"$1\" || umount \"$1\"", disk);
    }
  }

  private static byte[] noise(int bytes) {
    byte[] noise = new byte[bytes];
    new Random(1).nextBytes(noise);
    return noise;
  }

  private void nothingIsLeft(LocalImages images) throws IOException {
    assertThat(images.list()).isEmpty();
    try (Stream<Path> files = Files.walk(disk)) {
      assertThat(files.filter(Files::isRegularFile)).isEmpty();
    }
  }

  @Test
  void whileAnImageIsWritten() throws IOException {
    Path big = Files.write(folder.resolve("big.tar"), tar().file("big", noise(16 << 20)).bytes());
    try (LocalImages images =
        LocalImages.open(disk.resolve("images"), ImageSettings.defaults(), Clock.systemUTC())) {
      assertThatThrownBy(() -> images.importRootfs(big, "big", CONFIG, Images.Progress.NONE))
          .isInstanceOfSatisfying(
              SkepException.class,
              e -> assertThat(e.code()).isEqualTo(SkepException.Code.EXHAUSTED))
          .hasMessageContainingAll("image docker.io/library/big", "disk full", disk.toString());
      nothingIsLeft(images);
      Command.bash("mount -o remount,size=64m \"$1\"", disk);
      assertThat(images.importRootfs(big, "big", CONFIG, Images.Progress.NONE).erofs()).exists();
    }
  }

  @Test
  void whileManyNamesAreKept() throws IOException {
    Tars many = tar();
    for (int i = 0; i < 60_000; i++) {
      many.file("a-file-with-a-name-of-some-length-" + i, "");
    }
    Path tar = Files.write(folder.resolve("many.tar"), many.bytes());
    try (LocalImages images =
        LocalImages.open(disk.resolve("images"), ImageSettings.defaults(), Clock.systemUTC())) {
      assertThatThrownBy(() -> images.importRootfs(tar, "many", CONFIG, Images.Progress.NONE))
          .hasMessageContaining("disk full");
      nothingIsLeft(images);
    }
  }

  @Test
  void whileLayersAreFetched() throws IOException {
    try (FakeRegistry registry = FakeRegistry.start();
        LocalImages images =
            LocalImages.open(disk.resolve("images"), ImageSettings.defaults(), Clock.systemUTC())) {
      registry.push(
          "big", "1", FakeRegistry.Layer.plain(tar().file("big", noise(16 << 20)).bytes()));
      assertThatThrownBy(() -> images.pull(registry.address() + "/big:1", Images.Progress.NONE))
          .isInstanceOfSatisfying(
              SkepException.class,
              e -> assertThat(e.code()).isEqualTo(SkepException.Code.EXHAUSTED))
          .hasMessageContaining("disk full");
      nothingIsLeft(images);
    }
  }
}
