package dev.skep.containerd;

import containerd.v1.types.Task;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Folders;
import dev.skep.host.Network;
import dev.skep.host.OutputLog;
import dev.skep.host.SandboxFolder;
import dev.skep.host.SandboxLife;
import dev.skep.linux.Cgroups;
import dev.skep.linux.Mounts;
import dev.skep.oci.OutputPipes;
import dev.skep.sandbox.ExecProcess;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.ExecSpec;
import dev.skep.sandbox.ExecToEnd;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.PagedMemory;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.Stats;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One container with its network, cgroup and folder. Whatever happens to it first (its process
 * exits, its shim dies, somebody stops it) decides its {@link Exit}; then all of it is removed,
 * once.
 */
final class ContainerSandbox implements Sandbox {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerSandbox.class);
  private static final Duration DEATH = Duration.ofSeconds(10);
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  private final SandboxSpec spec;
  private final SandboxFolder folder;
  private final Network network;
  private final ContainerTask task;
  private final OutputPipes pipes;
  private final ContainerHost host;
  private final OutputLog log;
  private final CompletableFuture<TaskExit> processExit = new CompletableFuture<>();
  private final SandboxLife life;
  private volatile long pid;

  ContainerSandbox(
      SandboxSpec spec,
      SandboxFolder folder,
      Network network,
      ContainerTask task,
      OutputPipes pipes,
      ContainerHost host) {
    this.spec = spec;
    this.folder = folder;
    this.network = network;
    this.task = task;
    this.pipes = pipes;
    this.host = host;
    this.log = new OutputLog(spec.logFile());
    this.life = new SandboxLife(spec.id());
  }

  /** Reads its output from now on. */
  void follow() {
    pipes.follow(
        id(),
        (time, stderr, partial, line) ->
            log.add(new OutputLog.Line(stderr, time, partial, line, 0)));
  }

  void runsAs(long process) {
    pid = process;
  }

  /** Listens for the end; call once, when there is a task. */
  ContainerSandbox watch() {
    var _ = task.onExit().thenAccept(this::ended);
    return this;
  }

  private void ended(TaskExit how) {
    processExit.complete(how);
    if (!life.isOver()) {
      Thread.ofVirtual().name("sandbox-" + id() + "-exited").start(() -> end("stopped"));
    }
  }

  @Override
  public SandboxSpec spec() {
    return spec;
  }

  @Override
  public State state() {
    return life.state();
  }

  @Override
  public InetSocketAddress endpoint() {
    return new InetSocketAddress(network.address(), spec.port());
  }

  @Override
  public StartOutcome start(PhaseRecorder phases) {
    life.begin();
    return new ContainerStart(this, task, phases).run();
  }

  /** False where it has ended meanwhile. */
  boolean becomeReady() {
    return life.becomeReady(() -> ReadyMark.set(folder));
  }

  /** Takes over a container that an earlier daemon started; false if nobody can use it. */
  boolean adopt() {
    try {
      Task.Status status = task.status();
      boolean paused = status == Task.Status.PAUSED || status == Task.Status.PAUSING;
      if (!ReadyMark.isSet(folder) || (status != Task.Status.RUNNING && !paused)) {
        return false; // nobody waits for a start that was under way
      }
      life.takeOver(paused ? State.PAUSED : State.READY);
      follow();
      pipes.letContainerHold();
      Execution.endAll(task, folder);
      return true;
    } catch (SkepException e) {
      LOG.info("Sandbox {} is not adopted: {}", id(), e.getMessage());
      return false;
    }
  }

  @Override
  public ExecProcess exec(ExecSpec command) {
    life.requireReady("exec");
    return Execution.begin(task, folder, command);
  }

  /** As {@link #exec}, also before it is ready: for its probe. */
  ExecResult probe(List<String> argv, Duration timeout) {
    var command = Execution.begin(task, folder, ExecSpec.of(argv, false));
    String what = "exec of " + argv.getFirst() + " in sandbox " + id();
    return ExecToEnd.run(command, what, new byte[0], timeout);
  }

  @Override
  public Stats stats() {
    Cgroups.Usage usage = host.host().usage(folder.name(), pid);
    return new Stats(Duration.ofNanos(usage.cpuNanos()), usage.memoryBytes(), 0);
  }

  @Override
  public void pause() {
    life.pause(task::pause);
  }

  @Override
  public void resume() {
    life.resume(task::resume);
  }

  @Override
  public Duration snapshot(Path target) {
    throw new SkepException(
        Code.UNSUPPORTED,
        "sandbox " + id() + ": a container cannot be saved (expected: a microVM)");
  }

  @Override
  public int recordTo(Path target) {
    throw new SkepException(
        Code.CONFLICT, "sandbox " + id() + ": no working set is being recorded");
  }

  @Override
  public Optional<PagedMemory> pagedMemory() {
    return Optional.empty();
  }

  @Override
  public Exit stop(Duration grace) {
    return life.stop(grace, this::terminate, processExit, () -> finish("stopped"));
  }

  private void terminate() {
    if (state() == State.PAUSED) {
      resume(); // what is frozen does not hear
    }
    task.signal(Signals.TERM, false);
  }

  @Override
  public CompletionStage<Exit> onExit() {
    return life.exit().minimalCompletionStage();
  }

  SandboxLife life() {
    return life;
  }

  CompletableFuture<TaskExit> processExit() {
    return processExit;
  }

  List<String> lastOutput() {
    return log.tail();
  }

  /** For the next daemon, which goes on from here. */
  void letGo() {
    life.release();
    pipes.close();
    log.close();
  }

  /**
   * Kills what runs and removes what is there.
   *
   * @param told why, where its process has not ended by itself
   */
  void end(String told) {
    life.end(() -> finish(told));
  }

  private Exit finish(String told) {
    boolean byItself = processExit.isDone();
    if (!byItself) {
      attempt(this::kill);
    }
    boolean outOfMemory = host.host().outOfMemory(folder.name());
    remove();
    return byItself ? exitOf(processExit.join(), outOfMemory) : stopped(told);
  }

  private void kill() {
    if (state() == State.PAUSED) {
      task.resume(); // what is frozen does not die
    }
    task.signal(Signals.KILL, true);
    await(DEATH);
  }

  /** Whatever of it can be removed is. */
  private void remove() {
    attempt(task::remove);
    attempt(() -> pipes.drain(LAST_WORDS));
    attempt(pipes::close);
    attempt(task::delete);
    attempt(() -> host.host().networks().release(network, spec.network()));
    attempt(() -> host.host().cgroups().ifPresent(groups -> groups.remove(folder.name())));
    attempt(() -> Mounts.detach(ContainerHost.disk(folder)));
    attempt(() -> host.images().release(spec.rootImage()));
    attempt(log::close);
    attempt(() -> Folders.delete(folder.path()));
  }

  private void attempt(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      LOG.error("Sandbox {}: what is left of it: {}", id(), e.getMessage(), e);
    }
  }

  private void await(Duration limit) {
    var _ =
        processExit
            .copy()
            .completeOnTimeout(
                TaskExit.lost("late"), Math.max(1, limit.toMillis()), TimeUnit.MILLISECONDS)
            .join();
  }

  private Exit stopped(String told) {
    return new Exit(OptionalInt.empty(), false, told, log.tail());
  }

  private Exit exitOf(TaskExit ended, boolean outOfMemory) {
    String message = outOfMemory ? Exit.outOfMemoryMessage(spec.resources()) : ended.message();
    return new Exit(ended.code(), outOfMemory, message, log.tail());
  }
}
