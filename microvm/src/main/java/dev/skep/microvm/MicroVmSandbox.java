package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Folders;
import dev.skep.host.Network;
import dev.skep.host.OutputLog;
import dev.skep.host.SandboxFolder;
import dev.skep.linux.Cgroups;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.PagedMemory;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.sandbox.Stats;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.pager.PagedStatus;
import dev.skep.snapshot.pager.PagerClient;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One microVM with its network, cgroup, folder and agent. Whatever happens to it first (its process
 * exits, its VMM dies, somebody stops it) decides its {@link Exit}; then all of it is removed,
 * once.
 */
final class MicroVmSandbox implements Sandbox, AgentListener {
  private static final Logger LOG = LoggerFactory.getLogger(MicroVmSandbox.class);
  private static final Duration DIAL = Duration.ofSeconds(5);
  private static final Duration DEATH = Duration.ofSeconds(10);
  private static final Duration POWER_OFF = Duration.ofSeconds(2);
  private static final int RECONNECTS = 5;

  /** The plan by which it runs: decides what its start has left to do. */
  private final StartPlan plan;

  private final SandboxSpec spec;
  private final SandboxFolder folder;
  private final Network network;
  private final Vm vm;
  private final SandboxHost host;
  private final CompletableFuture<Long> bell;
  private final OutputLog log;
  private final CompletableFuture<AgentEvent.Ready> ready = new CompletableFuture<>();
  private final CompletableFuture<AgentEvent.Exited> processExit = new CompletableFuture<>();
  private final CompletableFuture<Exit> exit = new CompletableFuture<>();
  private volatile State state = State.CREATED;
  private volatile boolean stopRequested;
  private volatile boolean released;
  private volatile @Nullable AgentClient agent;
  private volatile @Nullable PagerClient pager;
  private boolean ending;

  /**
   * @param bell when the agent was heard; cancelled where nobody waits for it any more
   */
  MicroVmSandbox(
      StartPlan plan,
      SandboxSpec spec,
      SandboxFolder folder,
      Network network,
      Vm vm,
      SandboxHost host,
      CompletableFuture<Long> bell) {
    this.plan = plan;
    this.spec = spec;
    this.folder = folder;
    this.network = network;
    this.vm = vm;
    this.host = host;
    this.bell = bell;
    this.log = new OutputLog(spec.logFile());
  }

  /** Listens for the end; call once, after construction. */
  MicroVmSandbox watch() {
    var _ = processExit.thenAccept(ended -> inBackground("exited", () -> end(exitOf(ended))));
    var _ =
        vm.onExit().thenAccept(reason -> inBackground("died", () -> end(died(whyKilled(reason)))));
    return this;
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
    return new InetSocketAddress(network.address(), spec.port());
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
    var start = new MicroVmStart(this, phases);
    return switch (plan) {
      case StartPlan.Boot _ -> start.boot();
      case StartPlan.Restore _ -> start.restore();
    };
  }

  @Override
  public ExecResult exec(List<String> argv, byte[] stdin, Duration timeout) {
    return running("exec").exec(argv, stdin, timeout);
  }

  @Override
  public Stats stats() {
    Cgroups.Usage usage = host.host().usage(folder.name(), vm.pid());
    long guest = state == State.READY ? running("stats").stats().memoryUsedBytes() : 0;
    return new Stats(Duration.ofNanos(usage.cpuNanos()), usage.memoryBytes(), guest);
  }

  @Override
  public synchronized void pause() {
    if (state == State.READY) {
      vm.pause();
      state = State.PAUSED;
    } else if (state != State.PAUSED) {
      throw notRunning("pause");
    }
  }

  @Override
  public synchronized void resume() {
    if (state == State.PAUSED) {
      vm.resume();
      state = State.READY;
    } else if (state != State.READY) {
      throw notRunning("resume");
    }
  }

  @Override
  public synchronized Duration snapshot(Path target) {
    if (state != State.READY) {
      throw notRunning("snapshot");
    }
    host.pager().startAhead();
    return vm.save(target);
  }

  @Override
  public int recordTo(Path target) {
    PagerClient serving = pager;
    if (serving == null) {
      throw new SkepException(
          Code.CONFLICT, "sandbox " + id() + ": no working set is being recorded");
    }
    return serving.record(folder.name(), target);
  }

  @Override
  public Optional<PagedMemory> pagedMemory() {
    PagerClient serving = pager;
    return serving == null ? Optional.empty() : Optional.of(figures(serving.status(folder.name())));
  }

  private static PagedMemory figures(PagedStatus status) {
    return new PagedMemory(
        status.pages(),
        status.installedBytes(),
        Duration.of(status.fetchMicros(), ChronoUnit.MICROS),
        Duration.of(status.installMicros(), ChronoUnit.MICROS),
        status.faults());
  }

  @Override
  public Exit stop(Duration grace) {
    stopRequested = true;
    AgentClient client = agent;
    if (client != null && grace.isPositive() && !exit.isDone()) {
      askToEnd(client, grace);
    }
    end(
        processExit.isDone()
            ? exitOf(processExit.join())
            : new Exit(OptionalInt.empty(), false, "stopped", log.tail()));
    return exit.join();
  }

  @Override
  public CompletionStage<Exit> onExit() {
    return exit.minimalCompletionStage();
  }

  @Override
  public void onEvent(AgentEvent event) {
    switch (event) {
      case AgentEvent.Output out ->
          log.add(
              new OutputLog.Line(
                  out.stderr(), out.time(), out.partial(), out.line(), out.dropped()));
      case AgentEvent.Ready passed -> ready.complete(passed);
      case AgentEvent.ReadinessChanged changed ->
          LOG.info("Sandbox {}: readiness {} {}", id(), changed.ready(), changed.message());
      case AgentEvent.Exited ended -> processExit.complete(ended);
      case AgentEvent.Disconnected lost -> inBackground("reconnect", () -> reconnect(lost));
    }
  }

  /** Its memory comes from that pager: without it, the guest's next fault would wait for ever. */
  void servedBy(PagerClient client) {
    pager = client;
    var _ =
        client
            .lost()
            .thenRun(() -> inBackground("unpaged", () -> end(died("its pager has ended"))));
  }

  private String whyKilled(String reason) {
    PagerClient serving = pager;
    return serving == null || ending ? reason : HostPager.whyEnded(serving, folder.name(), reason);
  }

  /** Whether it may stand still for a while because some of its memory is fetched. */
  boolean memoryArrives() {
    return plan instanceof StartPlan.Restore restore
        && Files.exists(restore.snapshot().resolve(SnapshotFiles.ABSENT));
  }

  /** Takes over a guest that an earlier daemon started; false if it can't be used any more. */
  boolean adopt() {
    try {
      boolean paused = vm.paused();
      if (paused) {
        vm.resume(); // a guest that stands still does not answer
      }
      AgentHello hello = connect().hello();
      if (hello.state() != AgentHello.State.RUNNING || !hello.ready()) {
        return false; // nobody waits for a start that was under way
      }
      if (paused) {
        vm.pause();
      }
      state = paused ? State.PAUSED : State.READY;
      host.doorbell().guard(folder.path());
      return true;
    } catch (SkepException e) {
      LOG.warn("Sandbox {} is not adopted: {}", id(), e.getMessage());
      return false;
    }
  }

  /** Hangs up; the guest goes on, for a later daemon to adopt. */
  void letGo() {
    released = true;
    AgentClient client = agent;
    if (client != null) {
      client.close();
    }
    log.close();
  }

  /** The guest's CPUs run from here on. */
  void resumeGuest() {
    vm.resume();
  }

  AgentClient connect() {
    var address = new InetSocketAddress(network.address(), AgentClient.PORT);
    AgentClient client = AgentClient.connect(id(), address, DIAL, this);
    agent = client;
    return client;
  }

  /** The start's last step; false if the sandbox has ended meanwhile. */
  synchronized boolean becomeReady() {
    if (ending || state != State.STARTING) {
      return false;
    }
    state = State.READY;
    return true;
  }

  CompletableFuture<Long> agentListens() {
    return bell;
  }

  CompletableFuture<AgentEvent.Ready> ready() {
    return ready;
  }

  CompletableFuture<AgentEvent.Exited> processExit() {
    return processExit;
  }

  CompletableFuture<Exit> exit() {
    return exit;
  }

  boolean stopRequested() {
    return stopRequested;
  }

  boolean hostOutOfMemory() {
    return host.host().outOfMemory(folder.name());
  }

  List<String> nameservers() {
    return host.host().networks().nameservers(network);
  }

  /** Of the function, or of the guest's console while the function has said nothing. */
  List<String> lastOutput() {
    List<String> said = log.tail();
    return said.isEmpty() ? consoleTail() : said;
  }

  List<String> consoleTail() {
    List<String> lines =
        Doorbell.read(folder.path())
            .lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .toList();
    return lines.subList(Math.max(0, lines.size() - OutputLog.TAIL), lines.size());
  }

  /** Kills what runs and removes what is there; only the first call does, and later ones wait. */
  void end(Exit why) {
    boolean first;
    synchronized (this) {
      first = !ending;
      ending = true;
    }
    if (first) {
      try {
        remove();
      } catch (RuntimeException e) {
        LOG.error("Sandbox {}: not all of it could be removed: {}", id(), e.getMessage(), e);
      } finally {
        state = State.STOPPED;
        exit.complete(why);
      }
    }
    exit.join();
  }

  private void remove() {
    vm.kill();
    AgentClient client = agent;
    if (client != null) {
      client.close();
    }
    awaitDeath();
    forget(pager);
    host.doorbell().forget(folder.path());
    host.host().networks().release(network, spec.network());
    host.host().cgroups().ifPresent(groups -> groups.remove(folder.name()));
    log.close();
    Folders.delete(folder.path());
  }

  private void forget(@Nullable PagerClient serving) {
    if (serving != null && !serving.lost().isDone()) {
      serving.forget(folder.name());
    }
  }

  private void awaitDeath() {
    try {
      vm.onExit().get(DEATH.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new SkepException(
          Code.INTERNAL, "VMM process " + vm.pid() + " of sandbox " + id() + " does not die", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while a VMM died", e);
    }
  }

  private void askToEnd(AgentClient client, Duration grace) {
    try {
      if (state == State.PAUSED) {
        resume();
      }
      client.stop(grace);
      CompletableFuture.anyOf(processExit, vm.onExit())
          .get(grace.plus(POWER_OFF).toMillis(), TimeUnit.MILLISECONDS);
    } catch (SkepException | ExecutionException | TimeoutException e) {
      LOG.info("Sandbox {} is killed: it did not stop: {}", id(), e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void reconnect(AgentEvent.Disconnected lost) {
    for (int attempt = 0; attempt < RECONNECTS && !exit.isDone() && !isEnding(); attempt++) {
      try {
        TimeUnit.MILLISECONDS.sleep(100L << attempt);
        if (!isEnding()) {
          connect();
          return;
        }
      } catch (SkepException e) {
        LOG.info("Sandbox {}: {}", id(), e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    end(died("the agent's channel was lost: " + lost.reason()));
  }

  private synchronized boolean isEnding() {
    return ending || released;
  }

  private Exit died(String reason) {
    String memory =
        hostOutOfMemory() ? " (the host's memory limit of the sandbox was reached)" : "";
    return new Exit(OptionalInt.empty(), hostOutOfMemory(), reason + memory, lastOutput());
  }

  private Exit exitOf(AgentEvent.Exited ended) {
    String message =
        ended.outOfMemory()
            ? "killed: out of memory (limit " + (spec.resources().memoryBytes() >> 20) + " MiB)"
            : ended.signal() == 0
                ? "exit code " + ended.code()
                : "killed by signal " + ended.signal();
    return new Exit(OptionalInt.of(ended.code()), ended.outOfMemory(), message, log.tail());
  }

  private AgentClient running(String verb) {
    AgentClient client = agent;
    if (client == null || state != State.READY) {
      throw notRunning(verb);
    }
    return client;
  }

  private SkepException notRunning(String verb) {
    return new SkepException(
        Code.CONFLICT,
        "sandbox " + id() + ": " + verb + " in state " + state + " (expected: READY)");
  }

  private void inBackground(String what, Runnable task) {
    if (released) {
      return; // what happens from now on is for the next daemon to see
    }
    Thread.ofVirtual().name("sandbox-" + id() + "-" + what).start(task);
  }
}
