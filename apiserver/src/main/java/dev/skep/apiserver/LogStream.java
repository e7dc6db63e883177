package dev.skep.apiserver;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/** Sends a log file, and then what is added to it until its writer is over. */
final class LogStream {
  private static final Duration LONGEST = Duration.ofHours(24);
  private static final long PAUSE_MILLIS = 100;
  private static final int CHUNK = 64 << 10;

  private final Path file;
  private final BooleanSupplier over;

  /**
   * @param over whether nothing will be added any more
   */
  LogStream(Path file, BooleanSupplier over) {
    this.file = file;
    this.over = over;
  }

  /**
   * @param tail so many last lines; empty: all
   */
  void write(OptionalLong tail, boolean follow, OutputStream out)
      throws IOException, InterruptedException {
    try (var log = new RandomAccessFile(file.toFile(), "r")) {
      if (tail.isPresent()) {
        log.seek(lastLines(log, tail.getAsLong()));
      }
      long end = System.nanoTime() + LONGEST.toNanos();
      boolean more = true;
      while (more) {
        more = follow && !over.getAsBoolean() && System.nanoTime() < end;
        copy(log, out);
        out.flush();
        if (more) {
          Thread.sleep(PAUSE_MILLIS);
        }
      }
    }
  }

  private static void copy(RandomAccessFile log, OutputStream out) throws IOException {
    byte[] chunk = new byte[CHUNK];
    for (int read = log.read(chunk); read > 0; read = log.read(chunk)) {
      out.write(chunk, 0, read);
    }
  }

  /** Where the last {@code count} lines begin. */
  private static long lastLines(RandomAccessFile log, long count) throws IOException {
    byte[] chunk = new byte[CHUNK];
    long end = log.length();
    long wanted = count + 1; // the newline before the first wanted line
    for (long to = end; to > 0; to = Math.max(0, to - CHUNK)) {
      long from = Math.max(0, to - CHUNK);
      log.seek(from);
      int length = (int) (to - from);
      log.readFully(chunk, 0, length);
      for (int i = length - 1; i >= 0; i--) {
        boolean lastByte = from + i == end - 1;
        if (chunk[i] == '\n' || lastByte) {
          wanted--;
        }
        if (wanted == 0) {
          return from + i + 1;
        }
      }
    }
    return 0;
  }
}
