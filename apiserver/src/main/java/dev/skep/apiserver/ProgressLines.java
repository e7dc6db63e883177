package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.image.Images;
import java.io.IOException;
import java.io.OutputStream;
import tools.jackson.databind.JsonNode;

/**
 * Writes the progress of a pull as JSON lines, a few a second. A client that has gone does not stop
 * the pull: another may wait for it. Safe for use by several threads.
 */
final class ProgressLines implements Images.Progress, AutoCloseable {
  private static final long BETWEEN_NANOS = 200_000_000;

  private final OutputStream out;
  private String lastStep = "";
  private long lastNanos;
  private boolean broken;

  ProgressLines(OutputStream out) {
    this.out = out;
  }

  @Override
  public synchronized void at(String step, long doneBytes, long totalBytes) {
    long now = System.nanoTime();
    boolean due = now - lastNanos >= BETWEEN_NANOS || !step.equals(lastStep);
    if (!due || broken) {
      return;
    }
    lastStep = step;
    lastNanos = now;
    try {
      write(
          ApiJson.object()
              .put("step", step)
              .put("doneBytes", doneBytes)
              .put("totalBytes", totalBytes));
    } catch (IOException | RuntimeException e) {
      broken = true; // the client has gone
    }
  }

  synchronized void end(JsonNode line) throws IOException {
    if (!broken) {
      write(line);
    }
    broken = true;
  }

  private void write(JsonNode line) throws IOException {
    out.write(ApiJson.bytes(line));
    out.write('\n');
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
