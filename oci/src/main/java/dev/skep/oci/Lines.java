package dev.skep.oci;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;

/** Cuts a stream into lines of at most 16 KiB, as the agent of a microVM does. For one thread. */
final class Lines {
  static final int MAX_LINE = 16 << 10;

  private final boolean stderr;
  private final OutputPipes.Sink sink;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  Lines(boolean stderr, OutputPipes.Sink sink) {
    this.stderr = stderr;
    this.sink = sink;
  }

  void add(ByteBuffer bytes) {
    Instant now = Instant.now();
    while (bytes.hasRemaining()) {
      byte next = bytes.get();
      if (next == '\n') {
        give(now, false);
      } else {
        line.write(next);
        if (line.size() == MAX_LINE) {
          give(now, true);
        }
      }
    }
  }

  /**
   * Gives what is there of the last line.
   *
   * @param last whether nothing can follow; else somebody reads on later
   */
  void end(boolean last) {
    if (line.size() > 0) {
      give(Instant.now(), !last);
    }
  }

  private void give(Instant now, boolean partial) {
    sink.line(now, stderr, partial, line.toByteArray());
    line.reset();
  }
}
