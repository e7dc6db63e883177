package dev.skep.gvisor;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.oci.OciSpec;
import dev.skep.sandbox.ExecResult;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One container of runsc's, which is a sandbox of its own, and its folder: the bundle, its pipes.
 */
final class Container {
  private static final int MAX_OUTPUT = 1 << 20;
  private static final String PROCESS = "process.json";
  private static final String STATUS = "status";
  private static final String HOLDER = "holder";
  private static final String LAUNCH_LOG = "launch.log";
  private static final Duration DYING = Duration.ofSeconds(1);

  private final Runsc runsc;
  private final Holder holder;
  private final String id;
  private final Path folder;
  private final AtomicInteger execs = new AtomicInteger();

  /**
   * @param folder its last name is the container's
   */
  Container(Runsc runsc, Holder holder, Path folder) {
    this.runsc = runsc;
    this.holder = holder;
    this.id = folder.getFileName().toString();
    this.folder = folder;
  }

  Runsc runsc() {
    return runsc;
  }

  /** Writes what runsc needs to know. */
  void configure(OciSpec spec) {
    try {
      Files.write(file("config.json"), spec.toJson());
      Files.write(file(PROCESS), spec.process().toJson());
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, folder + ": cannot be written: " + e, e);
    }
    if (runsc.traits().hideSysNet()) {
      InsideFiles.folder(folder, "sys");
    }
  }

  /**
   * Starts the sandbox and its process.
   *
   * @param cgroupFiles what it joins before it does anything
   * @return why not; empty where it worked. What runsc said is in the pipes
   */
  Optional<String> run(List<Path> cgroupFiles, Duration timeout) {
    return hold(runsc.run(id, folder, pidFile()), cgroupFiles, timeout);
  }

  /** As {@link #run}, with a process as it was saved. */
  Optional<String> restore(Path image, List<Path> cgroupFiles, Duration timeout) {
    return hold(runsc.restore(id, folder, pidFile(), image), cgroupFiles, timeout);
  }

  private Optional<String> hold(List<String> command, List<Path> cgroupFiles, Duration timeout) {
    Process process = holder.start(command, cgroupFiles, folder, file(LAUNCH_LOG));
    if (!within(process, timeout)) {
      process.destroyForcibly();
      return Optional.of("runsc: still running after " + timeout.toMillis() + " ms");
    }
    return process.exitValue() == 0 ? Optional.empty() : Optional.of(text(file(LAUNCH_LOG)));
  }

  /** Of the sandbox's process; 0 before there is one. */
  long pid() {
    return Files.exists(pidFile()) ? number(pidFile()) : 0;
  }

  private static long number(Path file) {
    String text = text(file);
    if (!text.matches("\\d{1,18}")) {
      throw new SkepException(
          Code.INTERNAL, file + ": '" + text + "' (expected: a number, as hold writes it)");
    }
    return Long.parseLong(text);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return "";
    }
  }

  private Path pidFile() {
    return file("pid");
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  void checkpoint(Path image) {
    runsc.checkpoint(id, image);
  }

  void pause() {
    runsc.pause(id);
  }

  void resume() {
    runsc.resume(id);
  }

  void terminate() {
    runsc.signal(id, "TERM");
  }

  void delete() {
    runsc.delete(id);
  }

  Optional<String> status() {
    return runsc.status(id);
  }

  /** Of the process that ends when all of the sandbox has. */
  long holder() {
    return number(file(HOLDER));
  }

  /** The exit code of the ended container; empty where it has none that is known. */
  OptionalInt exitCode() {
    return Files.exists(file(STATUS))
        ? OptionalInt.of((int) number(file(STATUS)))
        : OptionalInt.empty();
  }

  /** As the container's user, in its folder, with its environment. */
  ExecResult exec(List<String> argv, byte[] stdin, Duration limit) {
    Path file = folder.resolve("exec-" + execs.incrementAndGet() + ".json");
    try {
      byte[] first = Files.readAllBytes(folder.resolve(PROCESS));
      Files.write(file, OciSpec.ContainerProcess.parse(first).withArgs(argv).toJson());
      Process process =
          new ProcessBuilder(runsc.commandLine("exec", "--process=" + file, id)).start();
      return finish(process, argv, stdin, limit);
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, "exec in sandbox " + id + ": " + e, e);
    } finally {
      var _ = file.toFile().delete();
    }
  }

  private ExecResult finish(Process process, List<String> argv, byte[] stdin, Duration limit) {
    CompletableFuture<byte[]> out = reading(process.getInputStream());
    CompletableFuture<byte[]> err = reading(process.getErrorStream());
    try (OutputStream to = process.getOutputStream()) {
      to.write(stdin);
    } catch (IOException e) {
      // it need not read what it gets: its exit code tells
    }
    if (!within(process, limit)) {
      process.destroy(); // runsc passes the signal on
      if (!within(process, DYING)) {
        process.destroyForcibly();
      }
      throw new SkepException(
          Code.TIMEOUT,
          "sandbox %s: %s: still running after %d ms, killed"
              .formatted(id, String.join(" ", argv), limit.toMillis()));
    }
    return new ExecResult(process.exitValue(), out.join(), err.join());
  }

  private CompletableFuture<byte[]> reading(InputStream in) {
    var all = new CompletableFuture<byte[]>();
    // a blocked read of a pipe holds a virtual thread's carrier, and a host may have just one
    Thread.ofPlatform()
        .name("exec-" + id)
        .daemon()
        .start(
            () -> {
              var kept = new ByteArrayOutputStream();
              byte[] bytes = new byte[16 << 10];
              try (in) {
                for (int got = in.read(bytes); got >= 0; got = in.read(bytes)) {
                  kept.write(bytes, 0, Math.min(got, MAX_OUTPUT - kept.size()));
                }
              } catch (IOException e) {
                kept.writeBytes(("skep: " + e).getBytes(StandardCharsets.UTF_8));
              }
              all.complete(kept.toByteArray());
            });
    return all;
  }

  private static boolean within(Process process, Duration limit) {
    try {
      return process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while runsc ran", e);
    }
  }
}
