package dev.skep.containerd;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Folders;
import dev.skep.host.SandboxFolder;
import dev.skep.linux.ProcessGroup;
import dev.skep.oci.OciSpec;
import dev.skep.oci.StreamPump;
import dev.skep.sandbox.ExecSpec;
import dev.skep.sandbox.QueuedExec;
import dev.skep.sandbox.TerminalSize;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One command in a container. Its streams are named pipes, of which the container's shim has the
 * other ends; a thread each carries their bytes.
 */
final class Execution extends QueuedExec {
  private static final Logger LOG = LoggerFactory.getLogger(Execution.class);
  private static final String PREFIX = "exec-";
  private static final int QUEUE_BYTES = 64 << 10;
  private static final int NOT_FOUND = 127;
  private static final int NOT_EXECUTABLE = 126;

  private final ExecSpec command;
  private final ExecPipes pipes;
  private final ContainerTask.Extra process;
  private final List<StreamPump> output = new ArrayList<>();
  private long pid;

  private Execution(ExecSpec command, ExecPipes pipes, ContainerTask.Extra process) {
    super(QUEUE_BYTES);
    this.command = command;
    this.pipes = pipes;
    this.process = process;
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

  static Execution begin(ContainerTask task, SandboxFolder sandbox, ExecSpec command) {
    String id = PREFIX + UUID.randomUUID();
    ExecPipes pipes = ExecPipes.make(sandbox.path().resolve(id), command);
    try {
      boolean terminal = command.terminal().isPresent();
      byte[] process = process(sandbox, command);
      ContainerTask.Extra added = task.add(id, process, pipes.streams(), terminal);
      var execution = new Execution(command, pipes, added);
      execution.start();
      return execution;
    } catch (SkepException e) {
      pipes.remove();
      throw e;
    }
  }

  /** Ends what an earlier daemon had begun, for clients that went with it. */
  static void endAll(ContainerTask task, SandboxFolder sandbox) {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(sandbox.path(), PREFIX + "*")) {
      for (Path folder : left) {
        ContainerTask.Extra process = task.added(String.valueOf(folder.getFileName()));
        process.kill();
        var _ = process.onExit().thenRun(process::delete);
        Folders.delete(folder);
      }
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, sandbox.path() + ": " + e, e);
    }
  }

  private void start() {
    CompletableFuture<TaskExit> ended = process.onExit();
    try {
      pid = process.start();
    } catch (SkepException e) {
      process.delete();
      refused(e);
      return;
    }
    pipes.letShimHold();
    String name = "exec-" + pid;
    output.add(StreamPump.from(name, pipes.stdout(), stdout));
    output.add(StreamPump.from(name, pipes.stderr(), stderr));
    if (command.stdin()) {
      var _ = StreamPump.into(name, stdin, pipes.stdin(), this::stdinEnded);
    }
    command.terminal().ifPresent(this::resize);
    var _ =
        ended.thenAccept(how -> Thread.ofVirtual().name(name + "-ended").start(() -> ended(how)));
  }

  /** As a shell would tell it. */
  private void refused(SkepException e) {
    String message = String.valueOf(e.getMessage());
    boolean missing =
        message.contains("executable file not found") || message.contains("no such file");
    if (!missing && !message.contains("permission denied")) {
      throw e;
    }
    String said = message.replaceAll(".*unable to start container process: ", "") + "\n";
    var told = command.terminal().isPresent() ? stdout : stderr;
    told.offer(said.getBytes(StandardCharsets.UTF_8));
    endOutput();
    stdin.close();
    pipes.remove();
    exit.complete(missing ? NOT_FOUND : NOT_EXECUTABLE);
  }

  private void stdinEnded() {
    if (command.terminal().isPresent() || exit.isDone()) {
      return;
    }
    try {
      process.closeStdin();
    } catch (SkepException e) {
      LOG.debug("{}", e.getMessage()); // it ends just now
    }
  }

  private void ended(TaskExit how) {
    stdin.close();
    if (how.code().isPresent()) {
      exit.complete(how.code().getAsInt());
    } else {
      exit.completeExceptionally(new SkepException(Code.UNAVAILABLE, "exec: " + how.message()));
    }
    try {
      StreamPump.awaitLastWords(output);
      process.delete();
    } catch (SkepException e) {
      LOG.info("{}", e.getMessage()); // its container has gone, too
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      endOutput();
      pipes.remove();
    }
  }

  @Override
  public OutputStream stdin() {
    return command.stdin() ? super.stdin() : OutputStream.nullOutputStream();
  }

  @Override
  public void resize(TerminalSize size) {
    if (command.terminal().isPresent() && !exit.isDone()) {
      process.resize(size);
    }
  }

  @Override
  public void close() {
    super.close();
    if (!exit.isDone()) {
      ProcessGroup.kill(pid);
      process.kill();
    }
    pipes.close();
  }

  private static byte[] process(SandboxFolder sandbox, ExecSpec command) {
    try {
      byte[] function = Files.readAllBytes(processFile(sandbox));
      var process = OciSpec.ContainerProcess.parse(function).withArgs(command.argv());
      return (command.terminal().isPresent() ? process.atTerminal() : process).toJson();
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, processFile(sandbox) + ": " + e, e);
    }
  }

  private static Path processFile(SandboxFolder sandbox) {
    return sandbox.path().resolve("process.json");
  }
}
