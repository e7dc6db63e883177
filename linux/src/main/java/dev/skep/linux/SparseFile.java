package dev.skep.linux;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where a file has data, and where holes that read as zeros. */
public final class SparseFile {
  /** Bytes from {@code start} up to {@code end}. */
  public record Range(long start, long end) {
    public long bytes() {
      return end - start;
    }
  }

  private SparseFile() {}

  /**
   * The parts that are not holes, in their order; of a file in memory also those that are swapped
   * out.
   *
   * @throws SkepException NOT_FOUND if the file cannot be opened
   */
  public static List<Range> data(Path file) {
    int fd = Libc.open(file.toString());
    if (fd < 0) {
      throw new SkepException(Code.NOT_FOUND, file + ": cannot be opened (errno " + -fd + ")");
    }
    try {
      var ranges = new ArrayList<Range>();
      long start = Libc.seek(fd, 0, Libc.SEEK_DATA);
      while (start >= 0) {
        long end = Libc.seek(fd, start, Libc.SEEK_HOLE);
        ranges.add(new Range(start, end));
        start = Libc.seek(fd, end, Libc.SEEK_DATA);
      }
      if (start != -Libc.ENXIO) {
        throw new SkepException(Code.INTERNAL, file + ": lseek: errno " + -start);
      }
      return ranges;
    } finally {
      Libc.close(fd);
    }
  }
}
