package dev.skep.gvisor;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Folders;
import dev.skep.host.Host;
import dev.skep.host.HostProcess;
import dev.skep.linux.Cgroups;
import dev.skep.linux.ProcessWatch;
import dev.skep.sandbox.ExecResult;
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
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One gVisor sandbox with its network, cgroup and folder. Whatever happens to it first (its process
 * exits, its sentry dies, somebody stops it) decides its {@link Exit}; then all of it is removed,
 * once.
 */
final class GvisorSandbox implements Sandbox {
  private static final Logger LOG = LoggerFactory.getLogger(GvisorSandbox.class);
  private static final Duration LAST_WORDS = Duration.ofSeconds(1);
  private static final int SIGNALLED = 128;

  private final Host host;
  private final SandboxSpec spec;

  /** The plan by which it runs: decides what its start has left to do. */
  private final StartPlan plan;

  private final GvisorPlace place;
  private final ProcessWatch watch;
  private final boolean hook;
  private final CompletableFuture<Exit> exit = new CompletableFuture<>();
  private volatile State state = State.CREATED;
  private volatile boolean stopRequested;
  private volatile boolean released;
  private boolean ending;

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
  }

  /** It was started by an earlier daemon. */
  GvisorSandbox takeOver(State found) {
    state = found;
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
    if (!released && !isEnding()) {
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
    return state;
  }

  @Override
  public InetSocketAddress endpoint() {
    return new InetSocketAddress(place.network().address(), spec.port());
  }

  @Override
  public StartOutcome start(PhaseRecorder phases) {
    synchronized (this) {
      if (state != State.CREATED) {
        throw new SkepException(
            Code.CONFLICT,
            "sandbox " + id() + ": start in state " + state + " (expected: CREATED)");
      }
      state = State.STARTING;
    }
    var start = new GvisorStart(this, phases);
    return switch (plan) {
      case StartPlan.Boot _ -> start.boot();
      case StartPlan.Restore restore -> start.restore(restore, hook);
    };
  }

  @Override
  public ExecResult exec(List<String> argv, byte[] stdin, Duration timeout) {
    if (state != State.READY) {
      throw notRunning("exec");
    }
    return place.container().exec(argv, stdin, timeout);
  }

  @Override
  public Stats stats() {
    Cgroups.Usage usage = host.usage(place.folder().name(), place.container().pid());
    return new Stats(Duration.ofNanos(usage.cpuNanos()), usage.memoryBytes(), 0);
  }

  @Override
  public synchronized void pause() {
    if (state == State.READY) {
      place.container().pause();
      state = State.PAUSED;
    } else if (state != State.PAUSED) {
      throw notRunning("pause");
    }
  }

  @Override
  public synchronized void resume() {
    if (state == State.PAUSED) {
      place.container().resume();
      state = State.READY;
    } else if (state != State.READY) {
      throw notRunning("resume");
    }
  }

  @Override
  public synchronized Duration snapshot(Path folder) {
    if (state != State.READY) {
      throw notRunning("snapshot");
    }
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
    stopRequested = true;
    if (grace.isPositive() && !exit.isDone()) {
      askToEnd(grace);
    }
    end(new Exit(OptionalInt.empty(), false, "stopped", place.log().tail()));
    return exit.join();
  }

  private void askToEnd(Duration grace) {
    try {
      if (state == State.PAUSED) {
        resume();
      }
      place.container().terminate();
      exit.get(grace.toMillis(), TimeUnit.MILLISECONDS);
    } catch (SkepException | ExecutionException | TimeoutException e) {
      LOG.info("Sandbox {} is killed: it did not stop: {}", id(), e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public CompletionStage<Exit> onExit() {
    return exit.minimalCompletionStage();
  }

  /** The sandbox goes on, for a later daemon to adopt. */
  synchronized void letGo() {
    released = true;
    place.pipes().close();
    place.log().close();
  }

  /** The start's last step; false if the sandbox has ended meanwhile. */
  synchronized boolean becomeReady() {
    if (ending || state != State.STARTING) {
      return false;
    }
    long holder = place.container().holder();
    long ticks = HostProcess.startTicks(holder).orElse(0);
    place.folder().save(GvisorPlace.part(place.network().slot(), holder, ticks));
    state = State.READY;
    return true;
  }

  GvisorPlace place() {
    return place;
  }

  CompletableFuture<Exit> exit() {
    return exit;
  }

  boolean stopRequested() {
    return stopRequested;
  }

  /** Kills what runs and removes what is there; only the first call does, and later ones wait. */
  void end(Exit why) {
    boolean first;
    synchronized (this) {
      first = !ending;
      ending = true;
    }
    if (first) {
      place.leave();
      state = State.STOPPED;
      exit.complete(why);
    }
    exit.join();
  }

  private synchronized boolean isEnding() {
    return ending;
  }

  private Exit exited(int status) {
    boolean outOfMemory = host.outOfMemory(place.folder().name());
    String message =
        status > SIGNALLED ? "killed by signal " + (status - SIGNALLED) : "exit code " + status;
    return new Exit(OptionalInt.of(status), outOfMemory, message, place.log().tail());
  }

  private Exit died(String reason) {
    boolean outOfMemory = host.outOfMemory(place.folder().name());
    String message =
        outOfMemory
            ? "killed: out of memory (limit " + (spec.resources().memoryBytes() >> 20) + " MiB)"
            : reason;
    return new Exit(OptionalInt.empty(), outOfMemory, message, place.log().tail());
  }

  private SkepException notRunning(String verb) {
    return new SkepException(
        Code.CONFLICT,
        "sandbox " + id() + ": " + verb + " in state " + state + " (expected: READY)");
  }
}
