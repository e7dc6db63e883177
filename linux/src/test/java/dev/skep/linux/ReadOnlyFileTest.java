package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadOnlyFileTest {
  @TempDir Path folder;

  @Test
  void readsAtAPosition() throws Exception {
    byte[] content = random(10_000);
    Path path = Files.write(folder.resolve("file"), content);
    try (var file = ReadOnlyFile.open(path);
        Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(5_000);
      file.readFully(into, 5_000);
      assertThat(into.toArray(JAVA_BYTE))
          .isEqualTo(java.util.Arrays.copyOfRange(content, 5_000, 10_000));
      assertThat(file.size()).isEqualTo(10_000);
    }
  }

  @Test
  void readsPastThePageCache() throws Exception {
    byte[] content = random(1 << 20);
    Path path = Files.write(folder.resolve("file"), content);
    var direct = ReadOnlyFile.openDirect(path);
    Assumptions.assumeTrue(direct.isPresent(), "the file system has no O_DIRECT");
    try (var file = direct.get();
        Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(1 << 20, 4096);
      file.readFully(into, 0);
      assertThat(into.toArray(JAVA_BYTE)).isEqualTo(content);
    }
  }

  @Test
  void saysWhereAFileEndsTooEarly() throws Exception {
    Path path = Files.write(folder.resolve("file"), new byte[5_000]);
    try (var file = ReadOnlyFile.open(path);
        Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> file.readFully(arena.allocate(4096), 4096))
          .isInstanceOf(SkepException.class)
          .hasMessage(path + ": ends before byte 8192");
    }
  }

  @Test
  void saysWhichFileIsMissing() {
    assertThatThrownBy(() -> ReadOnlyFile.open(folder.resolve("none")))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("none: no such file");
  }

  private static byte[] random(int bytes) {
    var content = new byte[bytes];
    new Random(7).nextBytes(content);
    return content;
  }
}
