package dev.skep.containerd;

import containerd.services.tasks.v1.TasksOuterClass.GetRequest;
import containerd.services.tasks.v1.TasksOuterClass.WaitRequest;
import containerd.services.tasks.v1.TasksOuterClass.WaitResponse;
import containerd.v1.types.Task;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Waits for the end of one process in containerd. The answer comes with the end, however long that
 * takes; a wait that breaks because containerd, or the task's shim, has gone is made again and
 * finds what happened meanwhile.
 */
final class TaskWait implements StreamObserver<WaitResponse> {
  private static final Executor SOON = CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS);

  private final Containerd containerd;
  private final WaitRequest request;
  private final CompletableFuture<TaskExit> exit = new CompletableFuture<>();

  TaskWait(Containerd containerd, String id, String execId) {
    this.containerd = containerd;
    this.request = WaitRequest.newBuilder().setContainerId(id).setExecId(execId).build();
  }

  CompletableFuture<TaskExit> begin() {
    ask();
    return exit;
  }

  private void ask() {
    containerd.waits().wait(request, this);
  }

  @Override
  public void onNext(WaitResponse answer) {
    exit.complete(TaskExit.of(answer.getExitStatus()));
  }

  @Override
  public void onError(Throwable broken) {
    if (containerd.isClosed()) {
      return; // the next daemon waits
    }
    switch (Status.fromThrowable(broken).getCode()) {
      case UNAVAILABLE, CANCELLED -> SOON.execute(this::ask);
      case NOT_FOUND -> exit.complete(gone());
      default -> SOON.execute(this::look);
    }
  }

  @Override
  public void onCompleted() {}

  /** The shim did not answer: it has ended, and containerd has noticed or will soon. */
  private void look() {
    var get =
        GetRequest.newBuilder()
            .setContainerId(request.getContainerId())
            .setExecId(request.getExecId())
            .build();
    try {
      Task.Status status =
          containerd.ask("wait", () -> containerd.tasks().get(get)).getProcess().getStatus();
      if (status == Task.Status.UNKNOWN) {
        exit.complete(gone());
      } else {
        ask();
      }
    } catch (SkepException e) {
      if (e.code() == Code.NOT_FOUND || e.code() == Code.INTERNAL) {
        exit.complete(gone());
      } else {
        SOON.execute(this::look);
      }
    }
  }

  private static TaskExit gone() {
    return TaskExit.lost("its shim has ended, and with it the container");
  }
}
