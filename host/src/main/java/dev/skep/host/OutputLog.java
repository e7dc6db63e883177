package dev.skep.host;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A function's output in a file, in the CRI's log format, and its last lines in memory. A file that
 * grows beyond 16 MiB becomes {@code FILE.1}, of which there is one.
 */
public final class OutputLog implements AutoCloseable {
  public static final int TAIL = 20;

  private static final Logger LOG = LoggerFactory.getLogger(OutputLog.class);
  private static final long MAX_BYTES = 16 << 20;
  private static final int MAX_TAIL_LINE = 1000;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.nnnnnnnnn'Z'").withZone(ZoneOffset.UTC);

  /**
   * A line of output, without its line end.
   *
   * @param stderr which of the two streams
   * @param partial the line goes on in the stream's next one
   * @param dropped lines lost before this one
   */
  @SuppressWarnings("ArrayRecordComponent") // output is bytes; nobody compares lines
  public record Line(boolean stderr, Instant time, boolean partial, byte[] bytes, long dropped) {}

  private final Path file;
  private final Deque<String> tail = new ArrayDeque<>();
  private @Nullable OutputStream out;
  private long bytes;

  public OutputLog(Path file) {
    this.file = file;
  }

  public synchronized void add(Line line) {
    if (line.dropped() > 0) {
      add(
          line.time(),
          true,
          false,
          ("skep: " + line.dropped() + " lines lost").getBytes(StandardCharsets.UTF_8));
    }
    add(line.time(), line.stderr(), line.partial(), line.bytes());
  }

  /** Oldest first. */
  public synchronized List<String> tail() {
    return List.copyOf(tail);
  }

  @Override
  public synchronized void close() {
    try {
      if (out != null) {
        out.close();
      }
    } catch (IOException e) {
      LOG.warn("log {}: {}", file, e.getMessage());
    }
    out = null;
  }

  private void add(Instant time, boolean stderr, boolean partial, byte[] line) {
    if (tail.size() == TAIL) {
      tail.removeFirst();
    }
    String text = new String(line, StandardCharsets.UTF_8);
    tail.addLast(text.length() > MAX_TAIL_LINE ? text.substring(0, MAX_TAIL_LINE) : text);
    String head = TIME.format(time) + (stderr ? " stderr " : " stdout ") + (partial ? "P " : "F ");
    try {
      OutputStream to = stream();
      to.write(head.getBytes(StandardCharsets.US_ASCII));
      to.write(line);
      to.write('\n');
      to.flush();
      bytes += head.length() + line.length + 1;
    } catch (IOException e) {
      // a full disk must not stop the function: its last lines are still in memory
      LOG.warn("log {}: {}", file, e.getMessage());
      close();
    }
  }

  private OutputStream stream() throws IOException {
    if (out != null && bytes > MAX_BYTES) {
      close();
      Files.move(
          file,
          file.resolveSibling(file.getFileName() + ".1"),
          StandardCopyOption.REPLACE_EXISTING);
    }
    OutputStream open = out;
    if (open == null) {
      bytes = Files.exists(file) ? Files.size(file) : 0;
      open =
          new BufferedOutputStream(
              Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
      out = open;
    }
    return open;
  }
}
