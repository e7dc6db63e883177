package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The pager of a host: one process, which whoever needs it first starts, and which outlives them.
 *
 * @param command runs {@link PagerMain}; the socket's path is added
 * @param socket where it listens
 * @param log gets its output
 */
public record PagerProcess(List<String> command, Path socket, Path log) {
  private static final long RETRY_MILLIS = 5;

  public PagerProcess {
    command = List.copyOf(command);
  }

  /**
   * Connects to the one that runs, or starts it and waits until it answers.
   *
   * @throws SkepException with the last line of its log if it ends, or does not answer in time
   */
  public PagerClient connectOrStart(Duration patience) throws InterruptedException {
    try {
      return PagerClient.connect(socket);
    } catch (SkepException e) {
      return await(start(), System.nanoTime() + patience.toNanos(), patience);
    }
  }

  /** In a session of its own, so that what ends its starter's session does not reach it. */
  private Process start() {
    var line = new ArrayList<>(List.of("setsid"));
    line.addAll(command);
    line.add(socket.toString());
    try {
      return new ProcessBuilder(line)
          .redirectInput(Path.of("/dev/null").toFile())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
          .start();
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, "pager: cannot be started: " + e.getMessage(), e);
    }
  }

  private PagerClient await(Process pager, long deadline, Duration patience)
      throws InterruptedException {
    while (true) {
      // one that another starter was faster with is as good
      boolean ended = !pager.isAlive() && pager.exitValue() != PagerMain.IN_USE;
      try {
        return PagerClient.connect(socket);
      } catch (SkepException e) {
        if (ended) {
          throw failed("ended with exit code " + pager.exitValue(), e);
        }
        if (System.nanoTime() > deadline) {
          pager.destroyForcibly();
          throw failed("does not answer within " + patience.toMillis() + " ms", e);
        }
      }
      Thread.sleep(RETRY_MILLIS);
    }
  }

  private SkepException failed(String how, SkepException cause) {
    return new SkepException(
        Code.UNAVAILABLE,
        "pager " + socket + ": " + how + ": " + lastLine() + " (" + log + ")",
        cause);
  }

  private String lastLine() {
    try {
      List<String> lines = Files.readAllLines(log);
      return lines.isEmpty() ? "no output" : lines.getLast();
    } catch (IOException e) {
      return "its log cannot be read: " + e.getMessage();
    }
  }
}
