package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataExtentsTest {
  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  /** A file of the size with a MiB of ones at each of the offsets. */
  private Path sparse(long size, long... offsets) throws IOException {
    Path file = folder.resolve("sparse");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      byte[] ones = new byte[MIB];
      java.util.Arrays.fill(ones, (byte) 1);
      for (long offset : offsets) {
        channel.write(ByteBuffer.wrap(ones), offset);
      }
      if (channel.size() < size) {
        try (var whole = new java.io.RandomAccessFile(file.toFile(), "rw")) {
          whole.setLength(size);
        }
      }
    }
    return file;
  }

  private static List<Long> extents(Path file) throws IOException {
    var found = new ArrayList<Long>();
    DataExtents.visit(
        file,
        (offset, bytes) -> {
          found.add(offset);
          found.add(bytes);
        });
    return found;
  }

  @Test
  void findsTheDataBetweenTheHoles() throws IOException {
    Path file = sparse(16 * MIB, 2 * MIB, 3 * MIB, 8 * MIB);
    assertThat(extents(file)).containsExactly(2L * MIB, 2L * MIB, 8L * MIB, (long) MIB);
    assertThat(DataExtents.allocatedBytes(file)).isEqualTo(3 * MIB);
  }

  @Test
  void endsWithDataAtTheEndOfTheFile() throws IOException {
    assertThat(extents(sparse(0, 4 * MIB))).containsExactly(4L * MIB, (long) MIB);
  }

  @Test
  void findsNothingInHolesOnlyAndInAnEmptyFile() throws IOException {
    assertThat(extents(sparse(1L << 32))).isEmpty();
    assertThat(extents(Files.createFile(folder.resolve("empty")))).isEmpty();
  }

  @Test
  void namesTheFileThatIsNotThere() {
    Path absent = folder.resolve("absent");
    assertThatThrownBy(() -> extents(absent))
        .isInstanceOf(IOException.class)
        .hasMessage(absent + ": its data cannot be found (errno 2)");
  }
}
