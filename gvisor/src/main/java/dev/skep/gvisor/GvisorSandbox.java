package dev.skep.gvisor;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Folders;
import dev.skep.host.Host;
import dev.skep.host.HostProcess;
import dev.skep.host.SandboxLife;
import dev.skep.linux.Cgroups;
import dev.skep.linux.ProcessWatch;
import dev.skep.sandbox.ExecProcess;
import dev.skep.sandbox.ExecSpec;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.PagedMemory;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.sandbox.Stats;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletionStage;

/**
 * One gVisor sandbox with its network, cgroup and folder. Whatever happens to it first (its process
 * exits, its sentry dies, somebody stops it) decides its {@link Exit}; then all of it is removed,
 * once.
 */
final class GvisorSandbox implements Sandbox {
  private static final Duration LAST_WORDS = Duration.ofSeconds(1);
  private static final int SIGNALLED = 128;

  private final Host host;
  private final SandboxSpec spec;

  /** The plan by which it runs: decides what its start has left to do. */
  private final StartPlan plan;

  private final GvisorPlace place;
  private final ProcessWatch watch;
  private final boolean hook;
  private final SandboxLife life;

  /**
   * @param hook whether the image wants to know of a restore
   */
  GvisorSandbox(
      Host host,
      SandboxSpec spec,
      StartPlan plan,
      GvisorPlace place,
      ProcessWatch watch,
      boolean hook) {
    this.watch = watch;
    this.host = host;
    this.spec = spec;
    this.plan = plan;
    this.place = place;
    this.hook = hook;
    this.life = new SandboxLife(spec.id());
  }

  /** It was started by an earlier daemon. */
  GvisorSandbox takeOver(State found) {
    life.takeOver(found);
    awaitEnd();
    return this;
  }

  /** Listens for the end; call once, when there is something that can end. */
  void awaitEnd() {
    var _ =
        watch
            .onExit(place.container().holder())
            .thenRun(() -> Thread.ofVirtual().name("sandbox-" + id()).start(this::ended));
  }

  private void ended() {
    if (!life.isOver()) {
      place.pipes().drain(LAST_WORDS);
      OptionalInt code = place.container().exitCode();
      end(code.isPresent() ? exited(code.getAsInt()) : died("the gVisor sandbox has ended"));
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
    return new InetSocketAddress(place.network().address(), spec.port());
  }

  @Override
  public StartOutcome start(PhaseRecorder phases) {
    life.begin();
    var start = new GvisorStart(this, phases);
    return switch (plan) {
      case StartPlan.Boot _ -> start.boot();
      case StartPlan.Restore restore -> start.restore(restore, hook);
    };
  }

  @Override
  public ExecProcess exec(ExecSpec command) {
    life.requireReady("exec");
    return place.container().exec(command);
  }

  @Override
  public Stats stats() {
    Cgroups.Usage usage = host.usage(place.folder().name(), place.container().pid());
    return new Stats(Duration.ofNanos(usage.cpuNanos()), usage.memoryBytes(), 0);
  }

  @Override
  public void pause() {
    life.pause(() -> place.container().pause());
  }

  @Override
  public void resume() {
    life.resume(() -> place.container().resume());
  }

  @Override
  public Duration snapshot(Path folder) {
    return life.whileReady("snapshot", () -> save(folder));
  }

  private Duration save(Path folder) {
    Runsc runsc = place.container().runsc();
    if (!runsc.traits().checkpoints()) {
      throw new SkepException(
          Code.UNSUPPORTED,
          runsc.description()
              + ": ends a function with connections when it saves it (expected: 20240729 or later)");
    }
    Path image = folder.resolve("runsc");
    long begun = System.nanoTime();
    try {
      place.container().checkpoint(image);
      Duration stood = Duration.ofNanos(System.nanoTime() - begun);
      Checkpoint.pack(image, folder);
      return stood;
    } finally {
      Folders.delete(image);
    }
  }

  @Override
  public int recordTo(Path folder) {
    throw new SkepException(
        Code.CONFLICT, "sandbox " + id() + ": no working set is being recorded");
  }

  @Override
  public Optional<PagedMemory> pagedMemory() {
    return Optional.empty();
  }

  @Override
  public Exit stop(Duration grace) {
    var stopped = new Exit(OptionalInt.empty(), false, "stopped", place.log().tail());
    return life.stop(grace, this::terminate, life.exit(), () -> finish(stopped));
  }

  private void terminate() {
    if (state() == State.PAUSED) {
      resume(); // what is frozen does not hear
    }
    place.container().terminate();
  }

  @Override
  public CompletionStage<Exit> onExit() {
    return life.exit().minimalCompletionStage();
  }

  /** The sandbox goes on, for a later daemon to adopt. */
  void letGo() {
    life.release();
    place.pipes().close();
    place.log().close();
  }

  /** The start's last step; false if the sandbox has ended meanwhile. */
  boolean becomeReady() {
    return life.becomeReady(this::note);
  }

  private void note() {
    long holder = place.container().holder();
    long ticks = HostProcess.startTicks(holder).orElse(0);
    place.folder().save(GvisorPlace.part(place.network().slot(), holder, ticks));
  }

  GvisorPlace place() {
    return place;
  }

  SandboxLife life() {
    return life;
  }

  /** Kills what runs and removes what is there, once. */
  void end(Exit why) {
    life.end(() -> finish(why));
  }

  private Exit finish(Exit why) {
    place.leave();
    return why;
  }

  private Exit exited(int status) {
    boolean outOfMemory = host.outOfMemory(place.folder().name());
    String message =
        status > SIGNALLED ? "killed by signal " + (status - SIGNALLED) : "exit code " + status;
    return new Exit(OptionalInt.of(status), outOfMemory, message, place.log().tail());
  }

  private Exit died(String reason) {
    boolean outOfMemory = host.outOfMemory(place.folder().name());
    String message = outOfMemory ? Exit.outOfMemoryMessage(spec.resources()) : reason;
    return new Exit(OptionalInt.empty(), outOfMemory, message, place.log().tail());
  }
}
