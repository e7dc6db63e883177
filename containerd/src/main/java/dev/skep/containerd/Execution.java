package dev.skep.containerd;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Folders;
import dev.skep.host.SandboxFolder;
import dev.skep.oci.OciSpec;
import dev.skep.sandbox.ExecResult;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * One command in a container, as the function's user and in its folder. Its streams are files of
 * the container's own memory: they are bounded as that is, and need nobody to read along.
 */
final class Execution {
  private static final int MAX_OUTPUT = 1 << 20;
  private static final int NOT_FOUND = 127;
  private static final int NOT_EXECUTABLE = 126;

  private final ContainerTask task;
  private final SandboxFolder sandbox;
  private final String id = "exec-" + UUID.randomUUID();
  private final Path folder;

  /**
   * @param disk where the container's memory is a file system
   */
  Execution(ContainerTask task, SandboxFolder sandbox, Path disk) {
    this.task = task;
    this.sandbox = sandbox;
    this.folder = disk.resolve(id);
  }

  /** Keeps what runs in the sandbox, for those who join it later. */
  static void save(SandboxFolder sandbox, OciSpec.ContainerProcess process) {
    try {
      Files.write(processFile(sandbox), process.toJson());
    } catch (IOException e) {
      throw new SkepException(
          Code.EXHAUSTED, processFile(sandbox) + ": cannot be written: " + e, e);
    }
  }

  /**
   * @throws SkepException TIMEOUT if it was killed because it ran for longer
   */
  ExecResult run(List<String> argv, byte[] stdin, Duration timeout) {
    try {
      Files.createDirectory(folder);
      Files.write(file("stdin"), stdin);
      Files.createFile(file("stdout"));
      Files.createFile(file("stderr"));
      return runWithFiles(argv, timeout);
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, folder + ": " + e, e);
    } finally {
      Folders.delete(folder);
    }
  }

  private ExecResult runWithFiles(List<String> argv, Duration timeout) throws IOException {
    var streams =
        new ContainerTask.Streams(
            file("stdin").toString(), file("stdout").toString(), file("stderr").toString());
    ContainerTask.Extra process = task.add(id, process(argv), streams);
    try {
      var exit = process.onExit();
      process.start();
      TaskExit ended =
          exit.copy()
              .completeOnTimeout(
                  TaskExit.lost("late"), Math.max(1, timeout.toMillis()), TimeUnit.MILLISECONDS)
              .join();
      if (!exit.isDone()) {
        process.kill();
        var _ = exit.completeOnTimeout(ended, 5, TimeUnit.SECONDS).join();
        throw late(argv, timeout);
      }
      process.delete();
      return new ExecResult(ended.code().orElse(1), read("stdout"), read("stderr"));
    } catch (SkepException e) {
      process.delete();
      return refused(e);
    }
  }

  /** As a shell would tell it. */
  private static ExecResult refused(SkepException e) {
    String message = String.valueOf(e.getMessage());
    boolean missing =
        message.contains("executable file not found") || message.contains("no such file");
    if (!missing && !message.contains("permission denied")) {
      throw e;
    }
    String said = message.replaceAll(".*unable to start container process: ", "") + "\n";
    return new ExecResult(
        missing ? NOT_FOUND : NOT_EXECUTABLE, new byte[0], said.getBytes(StandardCharsets.UTF_8));
  }

  private SkepException late(List<String> argv, Duration timeout) {
    return new SkepException(
        Code.TIMEOUT,
        "exec of %s in sandbox %s: still running after %d ms, killed"
            .formatted(argv.getFirst(), sandbox.name(), timeout.toMillis()));
  }

  private byte[] process(List<String> argv) throws IOException {
    byte[] function = Files.readAllBytes(processFile(sandbox));
    return OciSpec.ContainerProcess.parse(function).withArgs(argv).toJson();
  }

  private byte[] read(String name) throws IOException {
    try (InputStream in = Files.newInputStream(file(name))) {
      return in.readNBytes(MAX_OUTPUT);
    }
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  private static Path processFile(SandboxFolder sandbox) {
    return sandbox.path().resolve("process.json");
  }
}
