package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Folders;
import dev.skep.host.Network;
import dev.skep.host.OutputLog;
import dev.skep.host.SandboxFolder;
import dev.skep.host.SandboxLife;
import dev.skep.linux.Cgroups;
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
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.pager.PagedStatus;
import dev.skep.snapshot.pager.PagerClient;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
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
  private final SandboxLife life;
  private volatile @Nullable AgentClient agent;
  private volatile @Nullable PagerClient pager;

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
    this.life = new SandboxLife(spec.id());
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
    return life.state();
  }

  @Override
  public InetSocketAddress endpoint() {
    return new InetSocketAddress(network.address(), spec.port());
  }

  @Override
  public StartOutcome start(PhaseRecorder phases) {
    life.begin();
    var start = new MicroVmStart(this, phases);
    return switch (plan) {
      case StartPlan.Boot _ -> start.boot();
      case StartPlan.Restore _ -> start.restore();
    };
  }

  @Override
  public ExecProcess exec(ExecSpec command) {
    return running("exec").exec(command);
  }

  @Override
  public Stats stats() {
    Cgroups.Usage usage = host.host().usage(folder.name(), vm.pid());
    long guest = state() == State.READY ? running("stats").stats().memoryUsedBytes() : 0;
    return new Stats(Duration.ofNanos(usage.cpuNanos()), usage.memoryBytes(), guest);
  }

  @Override
  public void pause() {
    life.pause(vm::pause);
  }

  @Override
  public void resume() {
    life.resume(vm::resume);
  }

  @Override
  public Duration snapshot(Path target) {
    return life.whileReady(
        "snapshot",
        () -> {
          host.pager().startAhead();
          return vm.save(target);
        });
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
    AgentClient client = agent;
    boolean asks = client != null && grace.isPositive();
    return life.stop(
        asks ? grace.plus(POWER_OFF) : Duration.ZERO,
        () -> terminate(client, grace),
        CompletableFuture.anyOf(processExit, vm.onExit()),
        () ->
            finish(
                processExit.isDone()
                    ? exitOf(processExit.join())
                    : new Exit(OptionalInt.empty(), false, "stopped", log.tail())));
  }

  private void terminate(@Nullable AgentClient client, Duration grace) {
    if (client == null) {
      return;
    }
    if (state() == State.PAUSED) {
      resume(); // what is frozen does not hear
    }
    client.stop(grace);
  }

  @Override
  public CompletionStage<Exit> onExit() {
    return life.exit().minimalCompletionStage();
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
    return serving == null || life.isOver()
        ? reason
        : HostPager.whyEnded(serving, folder.name(), reason);
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
      life.takeOver(paused ? State.PAUSED : State.READY);
      host.doorbell().guard(folder.path());
      return true;
    } catch (SkepException e) {
      LOG.warn("Sandbox {} is not adopted: {}", id(), e.getMessage());
      return false;
    }
  }

  /** Hangs up; the guest goes on, for a later daemon to adopt. */
  void letGo() {
    life.release();
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
  boolean becomeReady() {
    return life.becomeReady(() -> {});
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

  SandboxLife life() {
    return life;
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

  /** Kills what runs and removes what is there, once. */
  void end(Exit why) {
    life.end(() -> finish(why));
  }

  private Exit finish(Exit why) {
    try {
      remove();
    } catch (RuntimeException e) {
      LOG.error("Sandbox {}: not all of it could be removed: {}", id(), e.getMessage(), e);
    }
    return why;
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

  private void reconnect(AgentEvent.Disconnected lost) {
    for (int attempt = 0; attempt < RECONNECTS; attempt++) {
      try {
        TimeUnit.MILLISECONDS.sleep(100L << attempt);
        if (life.isOver()) {
          return;
        }
        connect();
        return;
      } catch (SkepException e) {
        LOG.info("Sandbox {}: {}", id(), e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    end(died("the agent's channel was lost: " + lost.reason()));
  }

  private Exit died(String reason) {
    String memory =
        hostOutOfMemory() ? " (the host's memory limit of the sandbox was reached)" : "";
    return new Exit(OptionalInt.empty(), hostOutOfMemory(), reason + memory, lastOutput());
  }

  private Exit exitOf(AgentEvent.Exited ended) {
    String message =
        ended.outOfMemory()
            ? Exit.outOfMemoryMessage(spec.resources())
            : ended.signal() == 0
                ? "exit code " + ended.code()
                : "killed by signal " + ended.signal();
    return new Exit(OptionalInt.of(ended.code()), ended.outOfMemory(), message, log.tail());
  }

  private AgentClient running(String verb) {
    life.requireReady(verb);
    return Objects.requireNonNull(agent, "one that is ready has an agent");
  }

  private void inBackground(String what, Runnable task) {
    if (life.isOver()) {
      return;
    }
    Thread.ofVirtual().name("sandbox-" + id() + "-" + what).start(task);
  }
}
