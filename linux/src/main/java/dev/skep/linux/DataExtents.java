package dev.skep.linux;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Where a file has data. What lies between is holes: they read as zeros and take no blocks. A file
 * system that knows no holes says that all is data.
 */
public final class DataExtents {
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  /** Is given each stretch of data, in the order of the file. */
  public interface Visitor {
    void data(long offset, long bytes) throws IOException;
  }

  private DataExtents() {}

  /**
   * Walks a regular file that nobody changes meanwhile. Asks the file system only for its map,
   * without reading data: two quick calls for each stretch, which hold the carrier of a virtual
   * thread no longer than other file I/O does.
   */
  public static void visit(Path file, Visitor visitor) throws IOException {
    int fd = (int) checked(file, SystemCalls.open(file.toString(), 0));
    try {
      walk(file, fd, visitor);
    } finally {
      Libc.close(fd);
    }
  }

  private static void walk(Path file, int fd, Visitor visitor) throws IOException {
    long data = SystemCalls.lseek(fd, 0, SEEK_DATA);
    while (data != -SystemCalls.ENXIO) {
      long hole = checked(file, SystemCalls.lseek(fd, checked(file, data), SEEK_HOLE));
      visitor.data(data, hole - data);
      data = SystemCalls.lseek(fd, hole, SEEK_DATA);
    }
  }

  private static long checked(Path file, long result) throws IOException {
    if (result < 0) {
      throw new IOException(file + ": its data cannot be found (errno " + -result + ")");
    }
    return result;
  }

  /** Bytes of the file that are data: what it takes on disk, but for the last block's rest. */
  public static long allocatedBytes(Path file) throws IOException {
    long[] sum = {0};
    visit(file, (_, bytes) -> sum[0] += bytes);
    return sum[0];
  }
}
