package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process of lazy images of a store, from outside: started when an image needs it, and not
 * ended by who started it. Thread-safe.
 *
 * @param command runs {@link LazyMain}; folder and registries are added
 * @param log gets its output
 */
public record LazyMount(List<String> command, Path log) {
  private static final Logger LOG = LoggerFactory.getLogger(LazyMount.class);

  /** Name of the file with its process id. */
  static final String PID = "pid";

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final long RETRY_MILLIS = 20;

  /** The process does not serve: this host may not be able to. */
  static final class Absent extends SkepException {
    private static final long serialVersionUID = 1L;

    private Absent(String why) {
      super(Code.UNAVAILABLE, "the process of lazy images " + why);
    }
  }

  public LazyMount {
    command = List.copyOf(command);
  }

  /**
   * Returns when the mount of that store is served.
   *
   * @throws Absent with the last line of its log if it ends, or does not serve in time
   */
  void ensure(ImageFolder folder, List<String> plainHttp) {
    if (!isServed(folder)) {
      await(folder, start(folder, plainHttp));
    }
  }

  private static boolean isServed(ImageFolder folder) {
    return Files.exists(folder.mount().resolve(PID));
  }

  /** In a session of its own, so that what ends its starter's session does not reach it. */
  private Process start(ImageFolder folder, List<String> plainHttp) {
    var line = new ArrayList<>(List.of("setsid"));
    line.addAll(command);
    line.add(folder.root().toString());
    line.addAll(plainHttp);
    try {
      return new ProcessBuilder(line)
          .redirectInput(Path.of("/dev/null").toFile())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
          .start();
    } catch (IOException e) {
      throw new Absent("cannot be started: " + e.getMessage());
    }
  }

  private void await(ImageFolder folder, Process process) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!isServed(folder)) {
      if (!process.isAlive() && process.exitValue() != LazyMain.IN_USE) {
        throw failed("ended with exit code " + process.exitValue());
      }
      if (System.nanoTime() > deadline) {
        process.destroyForcibly();
        throw failed("does not serve within " + PATIENCE.toSeconds() + " s");
      }
      try {
        Thread.sleep(RETRY_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw failed("was not waited for");
      }
    }
    watch(folder);
  }

  private static void watch(ImageFolder folder) {
    try {
      long pid = Long.parseLong(Files.readString(folder.mount().resolve(PID)).strip());
      Thread.ofVirtual().name("lazy-watch").start(() -> awaitEnd(pid));
    } catch (IOException | NumberFormatException e) {
      LOG.warn("the process of lazy images is not watched: {}", e.toString());
    }
  }

  private static void awaitEnd(long pid) {
    ProcessHandle.of(pid).ifPresent(process -> process.onExit().join());
    LOG.warn(
        "the process of lazy images ({}) has ended: what reads images that are not complete gets"
            + " input/output errors; the next start of such an image starts another",
        pid);
  }

  private Absent failed(String how) {
    return new Absent(how + ": " + lastLine() + " (" + log + ")");
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
