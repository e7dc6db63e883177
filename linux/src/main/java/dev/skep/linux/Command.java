package dev.skep.linux;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One run of a host tool, to its end.
 *
 * @param input given to its standard input
 * @param timeout after which it is killed
 */
public record Command(List<String> argv, String input, Duration timeout) {
  /** What it left. Both streams are in {@code output}, in the order in which they were written. */
  public record Result(int exitCode, String output) {}

  public Command {
    argv = List.copyOf(argv);
  }

  public static Command of(String... argv) {
    return new Command(List.of(argv), "", Duration.ofSeconds(30));
  }

  public Command withInput(String text) {
    return new Command(argv, text, timeout);
  }

  public Command within(Duration limit) {
    return new Command(argv, input, limit);
  }

  /** Runs it whatever it answers; empty if the host has no such tool. */
  public Optional<Result> tryRun() {
    return tryRun(null);
  }

  /** As {@link #run()}, but in the folder. */
  public String runIn(Path folder) {
    return succeed(tryRun(folder));
  }

  /** Its output; anything but exit code 0 is an error that carries the output. */
  public String run() {
    return succeed(tryRun(null));
  }

  private String succeed(Optional<Result> outcome) {
    Result result =
        outcome.orElseThrow(
            () ->
                new SkepException(
                    Code.UNSUPPORTED,
                    argv.getFirst() + ": not installed (expected on the PATH; see 'skep doctor')"));
    if (result.exitCode() != 0) {
      throw new SkepException(
          Code.INTERNAL,
          String.join(" ", argv)
              + ": exit code "
              + result.exitCode()
              + ": "
              + result.output().strip());
    }
    return result.output();
  }

  private Optional<Result> tryRun(@Nullable Path folder) {
    Process process;
    try {
      var builder = new ProcessBuilder(argv).redirectErrorStream(true);
      if (folder != null) {
        builder.directory(folder.toFile());
      }
      process = builder.start();
    } catch (IOException e) {
      return Optional.empty();
    }
    try {
      return Optional.of(finish(process));
    } catch (ExecutionException e) {
      throw new SkepException(
          Code.INTERNAL, argv.getFirst() + ": its pipe broke: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, argv.getFirst() + ": interrupted", e);
    } finally {
      process.destroyForcibly();
    }
  }

  private Result finish(Process process) throws ExecutionException, InterruptedException {
    var output = new CompletableFuture<String>();
    // a blocked read of a pipe holds a virtual thread's carrier, and a host may have just one
    Thread.ofPlatform()
        .name("output-" + argv.getFirst())
        .daemon()
        .start(() -> drain(process, output));
    feed(process);
    if (!process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
      process.destroyForcibly();
      throw new SkepException(
          Code.TIMEOUT,
          String.join(" ", argv) + ": still running after " + timeout.toMillis() + " ms, killed");
    }
    return new Result(process.exitValue(), output.get());
  }

  /** A tool that stops reading says why with its exit code and output, not with our broken pipe. */
  private void feed(Process process) {
    try (var stdin = process.outputWriter(StandardCharsets.UTF_8)) {
      stdin.write(input);
    } catch (IOException e) {
      // the exit code tells
    }
  }

  private static void drain(Process process, CompletableFuture<String> output) {
    try (InputStream in = process.getInputStream()) {
      output.complete(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      output.completeExceptionally(e);
    }
  }
}
