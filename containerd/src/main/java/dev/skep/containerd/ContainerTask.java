package dev.skep.containerd;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import containerd.services.containers.v1.ContainersOuterClass.Container;
import containerd.services.containers.v1.ContainersOuterClass.CreateContainerRequest;
import containerd.services.containers.v1.ContainersOuterClass.DeleteContainerRequest;
import containerd.services.tasks.v1.TasksOuterClass.CloseIORequest;
import containerd.services.tasks.v1.TasksOuterClass.CreateTaskRequest;
import containerd.services.tasks.v1.TasksOuterClass.DeleteProcessRequest;
import containerd.services.tasks.v1.TasksOuterClass.DeleteTaskRequest;
import containerd.services.tasks.v1.TasksOuterClass.ExecProcessRequest;
import containerd.services.tasks.v1.TasksOuterClass.GetRequest;
import containerd.services.tasks.v1.TasksOuterClass.KillRequest;
import containerd.services.tasks.v1.TasksOuterClass.PauseTaskRequest;
import containerd.services.tasks.v1.TasksOuterClass.ResizePtyRequest;
import containerd.services.tasks.v1.TasksOuterClass.ResumeTaskRequest;
import containerd.services.tasks.v1.TasksOuterClass.StartRequest;
import containerd.types.MountOuterClass.Mount;
import containerd.v1.types.Task;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.sandbox.TerminalSize;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One container of containerd's and the task that runs it; what can be asked of the two. */
final class ContainerTask {
  /** Documents of the OCI runtime are JSON in there, whatever the name says. */
  private static final String OCI = "types.containerd.io/opencontainers/runtime-spec/1/";

  private static final Logger LOG = LoggerFactory.getLogger(ContainerTask.class);
  private static final String RUNTIME = "io.containerd.runc.v2";

  private final Containerd containerd;
  private final String id;

  ContainerTask(Containerd containerd, String id) {
    this.containerd = containerd;
    this.id = id;
  }

  /**
   * Files that a process's streams are; empty means the null device. Named pipes must be open at
   * the other end.
   */
  record Streams(String stdin, String stdout, String stderr) {}

  /**
   * Makes the container, in which nothing runs yet.
   *
   * @param spec OCI runtime configuration, JSON
   */
  void create(byte[] spec, Map<String, String> labels) {
    var container =
        Container.newBuilder()
            .setId(id)
            .putAllLabels(labels)
            .setRuntime(Container.Runtime.newBuilder().setName(RUNTIME))
            .setSpec(document("Spec", spec));
    var request = CreateContainerRequest.newBuilder().setContainer(container).build();
    var _ = containerd.ask(what("container"), () -> containerd.containers().create(request));
  }

  /**
   * Makes its processes' surroundings: all but the program runs.
   *
   * @return the process id of what will be the program
   */
  long prepare(Mount root, Streams streams) {
    var request =
        CreateTaskRequest.newBuilder()
            .setContainerId(id)
            .addRootfs(root)
            .setStdin(streams.stdin())
            .setStdout(streams.stdout())
            .setStderr(streams.stderr())
            .build();
    return Integer.toUnsignedLong(
        containerd.ask(what("create"), () -> containerd.tasks().create(request)).getPid());
  }

  /** Runs the program. */
  void start() {
    var _ = start("");
  }

  private long start(String execId) {
    var request = StartRequest.newBuilder().setContainerId(id).setExecId(execId).build();
    return Integer.toUnsignedLong(
        containerd.ask(what("start"), () -> containerd.tasks().start(request)).getPid());
  }

  /** To the program, or to all processes; nothing happens where it has ended. */
  void signal(int number, boolean all) {
    kill("", number, all);
  }

  private void kill(String execId, int number, boolean all) {
    var request =
        KillRequest.newBuilder()
            .setContainerId(id)
            .setExecId(execId)
            .setSignal(number)
            .setAll(all)
            .build();
    containerd.askIfThere(what("signal " + number), () -> containerd.tasks().kill(request));
  }

  void pause() {
    var request = PauseTaskRequest.newBuilder().setContainerId(id).build();
    var _ = containerd.ask(what("pause"), () -> containerd.tasks().pause(request));
  }

  void resume() {
    var request = ResumeTaskRequest.newBuilder().setContainerId(id).build();
    var _ = containerd.ask(what("resume"), () -> containerd.tasks().resume(request));
  }

  /**
   * @throws SkepException NOT_FOUND where there is no task
   */
  Task.Status status() {
    return status("");
  }

  private Task.Status status(String execId) {
    var request = GetRequest.newBuilder().setContainerId(id).setExecId(execId).build();
    return containerd
        .ask(what("status"), () -> containerd.tasks().get(request))
        .getProcess()
        .getStatus();
  }

  /** Completes when the program has ended; a containerd that restarts meanwhile delays it only. */
  CompletableFuture<TaskExit> onExit() {
    return new TaskWait(containerd, id, "").begin();
  }

  /**
   * One more process in the container. Its output is whole once {@link Extra#delete} returns.
   *
   * @param terminal whether it has one; then there is no stderr
   */
  Extra add(String execId, byte[] process, Streams streams, boolean terminal) {
    var request =
        ExecProcessRequest.newBuilder()
            .setContainerId(id)
            .setExecId(execId)
            .setSpec(document("Process", process))
            .setTerminal(terminal)
            .setStdin(streams.stdin())
            .setStdout(streams.stdout())
            .setStderr(streams.stderr())
            .build();
    try {
      var _ = containerd.ask(what("exec"), () -> containerd.tasks().exec(request));
    } catch (SkepException e) {
      if (e.code() != Code.UNAVAILABLE) {
        throw e;
      }
      addAgain(request);
    }
    return new Extra(execId);
  }

  /** One that an earlier daemon added. */
  Extra added(String execId) {
    return new Extra(execId);
  }

  /** The connection broke before the answer; the process is there already, or it is not. */
  private void addAgain(ExecProcessRequest request) {
    try {
      var _ = containerd.ask(what("exec"), () -> containerd.tasks().exec(request));
    } catch (SkepException e) {
      if (e.code() != Code.ALREADY_EXISTS) {
        throw e;
      }
    }
  }

  /** A process that was added. */
  final class Extra {
    private final String execId;

    private Extra(String execId) {
      this.execId = execId;
    }

    /** Gives its process id on the host: it leads a session of its own. */
    long start() {
      return ContainerTask.this.start(execId);
    }

    /** Nothing comes on its stdin any more: the shim holds the pipe open by itself. */
    void closeStdin() {
      var request =
          CloseIORequest.newBuilder().setContainerId(id).setExecId(execId).setStdin(true).build();
      containerd.askIfThere(what("stdin"), () -> containerd.tasks().closeIO(request));
    }

    void resize(TerminalSize size) {
      var request =
          ResizePtyRequest.newBuilder()
              .setContainerId(id)
              .setExecId(execId)
              .setWidth(size.columns())
              .setHeight(size.rows())
              .build();
      containerd.askIfThere(what("resize"), () -> containerd.tasks().resizePty(request));
    }

    CompletableFuture<TaskExit> onExit() {
      return new TaskWait(containerd, id, execId).begin();
    }

    void kill() {
      ContainerTask.this.kill(execId, Signals.KILL, false);
    }

    void delete() {
      var request = DeleteProcessRequest.newBuilder().setContainerId(id).setExecId(execId).build();
      containerd.askIfThere(what("exec"), () -> containerd.tasks().deleteProcess(request));
    }
  }

  /** Removes the task, which has ended, with its shim and root; all its output is written then. */
  void remove() {
    var request = DeleteTaskRequest.newBuilder().setContainerId(id).build();
    try {
      containerd.askIfThere(what("delete"), () -> containerd.tasks().delete(request));
    } catch (SkepException e) {
      if (!String.valueOf(e.getMessage()).contains("ttrpc: closed")) {
        throw e;
      }
      LOG.info("{}", e.getMessage()); // its shim has died: containerd removes the rest by itself
    }
  }

  /** Removes task and container, whatever they are doing. */
  void destroy() {
    try {
      if (status() == Task.Status.PAUSED) {
        resume(); // what is frozen does not die
      }
      signal(Signals.KILL, true);
    } catch (SkepException e) {
      LOG.info("{}", e.getMessage()); // it has no task, or one whose shim has died
    }
    var _ = onExit().completeOnTimeout(TaskExit.lost("late"), 10, TimeUnit.SECONDS).join();
    remove();
    delete();
  }

  /** Removes the container, which has no task. */
  void delete() {
    var request = DeleteContainerRequest.newBuilder().setId(id).build();
    containerd.askIfThere(what("delete"), () -> containerd.containers().delete(request));
  }

  /** The root of a sandbox: an image that is never written, below a folder that is. */
  static Mount overlay(Path lower, Path upper, Path work) {
    return Mount.newBuilder()
        .setType("overlay")
        .setSource("overlay")
        .addOptions("nodev")
        .addOptions("lowerdir=" + lower)
        .addOptions("upperdir=" + upper)
        .addOptions("workdir=" + work)
        .build();
  }

  private static Any document(String type, byte[] json) {
    return Any.newBuilder().setTypeUrl(OCI + type).setValue(ByteString.copyFrom(json)).build();
  }

  private String what(String verb) {
    return "container " + id + ": " + verb;
  }
}
