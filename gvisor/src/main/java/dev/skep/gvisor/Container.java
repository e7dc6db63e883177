package dev.skep.gvisor;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Bundled;
import dev.skep.linux.Launcher;
import dev.skep.linux.Launcher.Confinement;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One container of runsc's, which is a sandbox of its own, and its folder: the bundle, its pipes.
 */
final class Container {
  /**
   * Run in a mount namespace of its own, in the sandbox's folder: the host's memory as runsc is to
   * see it, and the pipes, opened to write and to read so that they live as long as the container.
   */
  private static final String ENTRY =
      """
      mount --bind meminfo /proc/meminfo
      exec "$@" </dev/null 1<>stdout 2<>stderr
      """;

  private static final int MAX_OUTPUT = 1 << 20;
  private static final String PROCESS = "process.json";
  private static final String STATUS = "status";
  private static final String HOLDER = "holder";
  private static final String LAUNCH_LOG = "launch.log";
  private static final Duration DYING = Duration.ofSeconds(1);

  private final Runsc runsc;
  private final String id;
  private final Path folder;
  private final AtomicInteger execs = new AtomicInteger();

  /**
   * @param folder its last name is the container's
   */
  Container(Runsc runsc, Path folder) {
    this.runsc = runsc;
    this.id = folder.getFileName().toString();
    this.folder = folder;
  }

  Runsc runsc() {
    return runsc;
  }

  /**
   * Starts the sandbox, in which nothing runs yet.
   *
   * @param cgroupFiles what it joins before it does anything
   * @return why not; empty where it worked. What runsc said is in the pipes
   */
  Optional<String> create(OciSpec spec, List<Path> cgroupFiles, Duration timeout) {
    try {
      Files.write(folder.resolve("config.json"), spec.toJson());
      Files.write(folder.resolve(PROCESS), spec.process().toJson());
      return launch(cgroupFiles, timeout);
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, folder + ": cannot be written: " + e, e);
    }
  }

  private Optional<String> launch(List<Path> cgroupFiles, Duration timeout) throws IOException {
    var line = new ArrayList<>(List.of(hold(), pidFile().toString()));
    line.addAll(List.of(file(STATUS).toString(), file(HOLDER).toString()));
    line.addAll(List.of("unshare", "--mount", "--propagation", "slave", "sh", "-ec", ENTRY, "sh"));
    line.addAll(runsc.networked("create", "--bundle=" + folder, "--pid-file=" + pidFile(), id));
    var confinement =
        new Confinement(
            cgroupFiles, Optional.empty(), List.of(), Optional.empty(), List.of(), Map.of(), 0, 0, 0);
    Process process =
        Launcher.in(tools())
            .start(line, confinement, folder, folder.resolve(LAUNCH_LOG));
    if (!within(process, timeout)) {
      process.destroyForcibly();
      return Optional.of("runsc create: still running after " + timeout.toMillis() + " ms");
    }
    return process.exitValue() == 0
        ? Optional.empty()
        : Optional.of(Files.readString(folder.resolve(LAUNCH_LOG)).strip());
  }

  /** Of the sandbox's process. */
  long pid() {
    return number(pidFile());
  }

  private static long number(Path file) {
    try {
      return Long.parseLong(Files.readString(file).strip());
    } catch (IOException | NumberFormatException e) {
      throw new SkepException(Code.INTERNAL, file + ": no number: " + e, e);
    }
  }

  private Path pidFile() {
    return file("pid");
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  private String hold() {
    return Bundled.unpack(Container.class, "hold", tools()).toString();
  }

  private Path tools() {
    return runsc.root().resolveSibling("tools");
  }

  void start() {
    runsc.start(id);
  }

  void restore(Path image) {
    runsc.restore(id, image);
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
