package dev.skep.gvisor;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.oci.OciSpec;
import dev.skep.sandbox.ExecProcess;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.ExecSpec;
import dev.skep.sandbox.ExecToEnd;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One container of runsc's, which is a sandbox of its own, and its folder: the bundle, its pipes.
 */
final class Container {
  private static final String PROCESS = "process.json";
  private static final String STATUS = "status";
  private static final String HOLDER = "holder";
  private static final String LAUNCH_LOG = "launch.log";

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
  ExecProcess exec(ExecSpec command) {
    if (command.terminal().isPresent()) {
      throw new SkepException(
          Code.UNSUPPORTED,
          "sandbox %s: commands under gVisor have no terminals (expected: none asked, or a container)"
              .formatted(id));
    }
    String name = "exec-" + execs.incrementAndGet();
    Path file = folder.resolve(name + ".json");
    try {
      byte[] first = Files.readAllBytes(folder.resolve(PROCESS));
      Files.write(file, OciSpec.ContainerProcess.parse(first).withArgs(command.argv()).toJson());
      var runsc = new ProcessBuilder(this.runsc.commandLine("exec", "--process=" + file, id));
      if (!command.stdin()) {
        runsc.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
      }
      return new RunscExec(runsc.start(), name, file.toFile()::delete);
    } catch (IOException e) {
      var _ = file.toFile().delete();
      throw new SkepException(Code.INTERNAL, "exec in sandbox " + id + ": " + e, e);
    }
  }

  /** To its end, also before the sandbox is ready: for probes and hooks. */
  ExecResult exec(List<String> argv, Duration limit) {
    String what = "exec of " + argv.getFirst() + " in sandbox " + id;
    return ExecToEnd.run(exec(ExecSpec.of(argv, false)), what, new byte[0], limit);
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
