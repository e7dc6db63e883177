package dev.skep.testkit;

import dev.skep.api.SkepException;
import dev.skep.sandbox.ExecProcess;
import dev.skep.sandbox.ExecSpec;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.PagedMemory;
import dev.skep.sandbox.Paging;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.sandbox.Stats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** One scripted sandbox; a test can also {@link #exit} its process or {@link #die} as its VMM. */
public final class FakeSandbox implements Sandbox {
  private static final Duration CRASH_AFTER = Duration.ofSeconds(1);

  static final String STATE = "state";
  private static final int PAGE = 4096;

  private final SandboxSpec spec;
  private final StartPlan plan;
  private final FakeBehaviour behaviour;
  private final FakeHost host;
  private final InstantSource clock;
  private final Sleeper sleeper;
  private final FakeMounts mounts;
  private final Optional<FakeProgram> program;
  private final List<String> output = new ArrayList<>();
  private final CompletableFuture<Exit> exited = new CompletableFuture<>();

  private State state = State.CREATED;
  private volatile long faults;
  private @Nullable FakeServer server;

  FakeSandbox(
      SandboxSpec spec,
      StartPlan plan,
      FakeBehaviour behaviour,
      FakeHost host,
      InstantSource clock,
      Sleeper sleeper) {
    this.spec = spec;
    this.plan = plan;
    this.behaviour = behaviour;
    this.host = host;
    this.clock = clock;
    this.sleeper = sleeper;
    this.mounts = new FakeMounts(spec.mounts());
    this.program = FakeProgram.named(spec.process().argv().getFirst());
  }

  @Override
  public SandboxSpec spec() {
    return spec;
  }

  @Override
  public synchronized State state() {
    return state;
  }

  /** By which it was started. */
  public StartPlan plan() {
    return plan;
  }

  @Override
  public synchronized Duration snapshot(Path folder) {
    if (state != State.READY) {
      throw new SkepException(
          SkepException.Code.CONFLICT, "snapshot in state " + state + " (expected: READY)");
    }
    write(folder.resolve("memory"), id());
    write(folder.resolve(STATE), id());
    return Duration.ofMillis(1);
  }

  @Override
  public int recordTo(Path folder) {
    if (!(plan instanceof StartPlan.Restore(_, _, boolean record)) || !record) {
      throw new SkepException(SkepException.Code.CONFLICT, "nothing is recorded");
    }
    write(folder.resolve("working-set"), id());
    write(folder.resolve("working-set.pages"), "x".repeat(PAGE));
    return 1;
  }

  /** What {@link #pagedMemory} tells from now on. */
  public void faults(long count) {
    faults = count;
  }

  @Override
  public Optional<PagedMemory> pagedMemory() {
    return plan instanceof StartPlan.Restore(_, Paging paging, _)
            && (paging != Paging.FILE && paging != Paging.PREFETCH)
        ? Optional.of(new PagedMemory(1, PAGE, Duration.ZERO, Duration.ZERO, faults))
        : Optional.empty();
  }

  private static void write(Path file, String content) {
    try {
      Files.writeString(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean running() {
    State now = state();
    return now == State.READY || now == State.PAUSED;
  }

  @Override
  public synchronized InetSocketAddress endpoint() {
    return server == null
        ? new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)
        : server.address();
  }

  @Override
  public StartOutcome start(PhaseRecorder phases) {
    moveTo(State.STARTING);
    switch (plan) {
      case StartPlan.Boot _ -> {
        phases.enter(Phase.GUEST_BOOT);
        phases.enter(Phase.GUEST_INIT);
      }
      case StartPlan.Restore _ -> {
        phases.enter(Phase.SNAPSHOT_LOAD);
        phases.enter(Phase.SNAPSHOT_RESUME);
      }
    }
    Optional<StartFailure> failure = spendStartDelay().or(this::configurationFailure);
    if (failure.isEmpty()) {
      phases.enter(Phase.RUNTIME_INIT);
      failure = behaviour.failure().or(this::runFailure);
    }
    if (failure.isEmpty() && becomeReady()) {
      phases.enter(Phase.READINESS);
      return new StartOutcome.Ok(this);
    }
    StartFailure why =
        failure.orElse(StartFailure.of(Reason.CANCELLED, "stopped while it was starting"));
    end(new Exit(why.exitCode(), false, why.message(), lastOutput()));
    return new StartOutcome.Failed(why);
  }

  private Optional<StartFailure> spendStartDelay() {
    try {
      sleeper.sleep(behaviour.startDelay());
      return Optional.empty();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return Optional.of(StartFailure.of(Reason.CANCELLED, "interrupted while it was starting"));
    }
  }

  private Optional<StartFailure> configurationFailure() {
    String user = spec.process().user();
    String name = user.split(":", 2)[0];
    if (!name.matches("|[0-9]+|root|nobody")) {
      return Optional.of(
          StartFailure.of(
              Reason.CONFIGURATION,
              "user '" + name + "' is not in the image (expected: a number, root or nobody)"));
    }
    if (program.isEmpty()) {
      return Optional.of(
          StartFailure.of(
              Reason.COMMAND_NOT_FOUND,
              "command " + spec.process().argv().getFirst() + " is not in the image"));
    }
    return Optional.empty();
  }

  private Optional<StartFailure> runFailure() {
    List<String> argv = spec.process().argv();
    return switch (program.orElseThrow()) {
      case SERVE, STUBBORN, CRASH -> {
        log("stdout", "listening on port " + spec.port());
        yield Optional.empty();
      }
      case EXIT -> {
        argv.subList(2, argv.size()).forEach(line -> log("stdout", line));
        int code = Integer.parseInt(argv.get(1));
        yield Optional.of(
            new StartFailure(
                Reason.GUEST_EXIT,
                "exit code " + code + " before it was ready",
                OptionalInt.of(code),
                lastOutput()));
      }
      case HANG, ECHO, CAT, FLOOD, READ, WRITE -> Optional.of(neverReady());
    };
  }

  private StartFailure neverReady() {
    try {
      exited.get(spec.readyTimeout().toMillis(), TimeUnit.MILLISECONDS);
      return StartFailure.of(Reason.CANCELLED, "stopped while it was starting");
    } catch (TimeoutException expected) {
      return StartFailure.of(
          Reason.PROBE_TIMEOUT,
          "port " + spec.port() + " was not ready after " + spec.readyTimeout());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private synchronized boolean becomeReady() {
    if (state == State.STOPPED) {
      return false;
    }
    if (behaviour.http()) {
      server = new FakeServer("fake-" + id(), String.join("\n", environment()) + "\n");
    }
    state = State.READY;
    if (program.equals(Optional.of(FakeProgram.CRASH))) {
      Thread.ofVirtual().name("fake-crash-" + id()).start(this::crashSoon);
    }
    return true;
  }

  private List<String> environment() {
    return spec.process().env().entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .sorted()
        .toList();
  }

  private void crashSoon() {
    try {
      sleeper.sleep(CRASH_AFTER);
      exit(Integer.parseInt(spec.process().argv().get(1)));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the process, as if by itself. */
  public void exit(int code) {
    end(new Exit(OptionalInt.of(code), false, "exit code " + code, lastOutput()));
  }

  /** Ends the sandbox under its process, as when a VMM is killed. */
  public void die(String cause) {
    end(new Exit(OptionalInt.empty(), false, cause, lastOutput()));
  }

  @Override
  public ExecProcess exec(ExecSpec command) {
    if (state() != State.READY) {
      throw new IllegalStateException("sandbox " + id() + " is " + state() + " (expected: READY)");
    }
    if (command.terminal().isPresent()) {
      throw new SkepException(
          SkepException.Code.UNSUPPORTED, "a fake sandbox has no terminals (expected: none asked)");
    }
    return new FakeExec(command, mounts);
  }

  @Override
  public Stats stats() {
    return new Stats(Duration.ofMillis(1), spec.resources().memoryBytes() / 4, 0);
  }

  @Override
  public synchronized void pause() {
    pauseOrResume(State.READY, State.PAUSED);
  }

  @Override
  public synchronized void resume() {
    pauseOrResume(State.PAUSED, State.READY);
  }

  private void pauseOrResume(State from, State to) {
    if (state == from) {
      state = to;
      if (server != null) {
        server.paused(to == State.PAUSED);
      }
    }
  }

  @Override
  public Exit stop(Duration grace) {
    if (running()) {
      end(terminate(grace));
    } else {
      end(new Exit(OptionalInt.empty(), false, "stopped before it was ready", lastOutput()));
    }
    return exited.join();
  }

  private Exit terminate(Duration grace) {
    if (program.equals(Optional.of(FakeProgram.STUBBORN)) || grace.isZero()) {
      try {
        sleeper.sleep(grace);
      } catch (InterruptedException hurry) {
        Thread.currentThread().interrupt();
      }
      return new Exit(OptionalInt.of(137), false, "killed by signal 9", lastOutput());
    }
    log("stdout", "got SIGTERM");
    return new Exit(OptionalInt.of(0), false, "exit code 0", lastOutput());
  }

  @Override
  public CompletionStage<Exit> onExit() {
    return exited.minimalCompletionStage();
  }

  private synchronized void moveTo(State next) {
    if (state != State.STOPPED) {
      state = next;
    }
  }

  private void end(Exit exit) {
    synchronized (this) {
      if (state == State.STOPPED) {
        return;
      }
      state = State.STOPPED;
      if (server != null) {
        server.close();
      }
    }
    host.remove(this);
    exited.complete(exit);
  }

  private synchronized List<String> lastOutput() {
    return output.subList(Math.max(0, output.size() - 20), output.size());
  }

  /** Prints a line, as the process does. */
  public synchronized void log(String stream, String line) {
    output.add(line);
    try {
      Files.writeString(
          spec.logFile(),
          clock.instant() + " " + stream + " F " + line + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
