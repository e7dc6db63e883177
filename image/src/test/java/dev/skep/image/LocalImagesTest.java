package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalImagesTest {
  private static final ImageConfig CONFIG =
      new ImageConfig(
          List.of("/app"), List.of(), Map.of("A", "b"), "", "", Optional.of(8080), "amd64");

  @TempDir Path folder;
  private LocalImages images;

  @BeforeEach
  void open() {
    images = reopen();
  }

  private LocalImages reopen() {
    return LocalImages.open(
        folder.resolve("images"),
        ImageSettings.defaults(),
        new Platform("linux", "amd64"),
        Clock.fixed(Instant.EPOCH, ZoneOffset.UTC),
        _ -> {});
  }

  private Path rootfs(String content) throws IOException {
    return Files.write(folder.resolve("rootfs.tar"), tar().file("app", content).bytes());
  }

  @Test
  void importsARootFileSystem() throws IOException {
    Image image = images.importRootfs(rootfs("1"), "hello", CONFIG, Images.Progress.NONE);
    assertThat(image.references()).first().isEqualTo("docker.io/library/hello:latest");
    assertThat(image.config()).isEqualTo(CONFIG);
    assertThat(ErofsReader.read(image.erofs()).get("app").text()).isEqualTo("1");
    assertThat(image.sizeBytes()).isEqualTo(Files.size(image.erofs()));
    assertThat(images.ensure("hello", Images.Progress.NONE)).isEqualTo(image);
    assertThat(reopen().list()).containsExactly(image);
  }
}
