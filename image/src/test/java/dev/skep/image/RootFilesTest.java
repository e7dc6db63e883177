package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of an image, read where they lie. */
class RootFilesTest {
  @TempDir Path folder;

  private RootFiles open(Tars content) {
    byte[] bytes = content.bytes();
    var layer =
        new Layer(
            "layer",
            Optional.empty(),
            Optional.empty(),
            bytes.length,
            () -> new ByteArrayInputStream(bytes));
    new Flattener(folder, 1L << 30, _ -> {}).flatten("image", Found.layersOf(List.of(layer)));
    return RootFiles.open(folder.resolve("image"));
  }

  @Test
  void readsTextAndFollowsLinksInsideTheImage() {
    try (RootFiles files =
        open(
            tar()
                .file("etc/passwd", "root:x:0:0\n")
                .symlink("conf", "/etc")
                .symlink("etc/again", "../../../conf/passwd"))) {
      assertThat(files.text("/etc/passwd")).hasValue("root:x:0:0\n");
      assertThat(files.text("/conf/again")).hasValue("root:x:0:0\n");
      assertThat(files.find("/conf")).get().matches(RootFiles.Entry::isDirectory);
      assertThat(files.find("/etc/passwd/x")).isEmpty();
      assertThat(files.text("/etc")).isEmpty();
    }
  }

  @Test
  void findsEachOfManyNames() {
    Tars many = tar();
    for (int i = 0; i < 1_000; i++) {
      many.file("bin/program-with-a-long-name-" + i, Integer.toString(i));
    }
    try (RootFiles files = open(many)) {
      for (int i = 0; i < 1_000; i++) {
        assertThat(files.text("/bin/program-with-a-long-name-" + i)).hasValue(Integer.toString(i));
      }
      assertThat(files.find("/bin/program-with-a-long-name-1000")).isEmpty();
    }
  }

  @Test
  void linkToItselfIsNothing() {
    try (RootFiles files = open(tar().symlink("loop", "loop"))) {
      assertThat(files.find("/loop")).isEmpty();
    }
  }

  @Test
  void whatIsNoErofsIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("text"), "hello".repeat(1_000));

    assertThatThrownBy(() -> RootFiles.open(file))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("expected: an EROFS file");
  }
}
