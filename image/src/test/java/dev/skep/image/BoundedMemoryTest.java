package dev.skep.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("integration")
class BoundedMemoryTest {
  @TempDir Path folder;

  /** With metadata on the heap, 400,000 files of two layers would need more than 32 MB. */
  @Test
  void writesImagesWithMoreFilesThanTheHeapHolds() {
    Command.needRootAnd("fsck.erofs");
    String output =
        Command.bash(
            "\"$1\" -Xmx32m -XX:+UseSerialGC -cp \"$2\" dev.skep.image.ManyFiles \"$3\" 400000",
            Path.of(System.getProperty("java.home"), "bin", "java"),
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            folder);
    assertThat(output).contains("400000 files");
    Command.bash("fsck.erofs \"$1\"", folder.resolve("many"));
  }
}
