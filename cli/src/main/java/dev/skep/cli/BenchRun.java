package dev.skep.cli;

import dev.skep.linux.ReadOnlyFile;
import dev.skep.sandbox.Phase;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Measures: the functions and plans in turns, round by round, and then many restores at once. */
final class BenchRun {
  private static final Map<String, Phase> PHASES =
      Arrays.stream(Phase.values()).collect(Collectors.toMap(Phase::label, phase -> phase));

  private final BenchRig rig;
  private final Path state;
  private final StepProgress progress;
  private final List<BenchFunction> functions;
  private final List<BenchPlan> plans;

  BenchRun(
      BenchRig rig,
      Path state,
      StepProgress progress,
      List<BenchFunction> functions,
      List<BenchPlan> plans) {
    this.rig = rig;
    this.state = state;
    this.progress = progress;
    this.functions = functions;
    this.plans = plans;
  }

  /** Takes and records all snapshots, if a plan needs one. */
  List<BenchSet> prepare() throws Exception {
    var sets = new ArrayList<BenchSet>();
    if (plans.stream().noneMatch(BenchPlan::restores)) {
      return sets;
    }
    for (BenchFunction function : functions) {
      Json snapshot =
          progress.step(
              function.name() + " booted, snapshotted and recorded", () -> rig.recorded(function));
      sets.add(set(function, snapshot));
    }
    return sets;
  }

  private static BenchSet set(BenchFunction function, Json snapshot) throws InterruptedException {
    long bytes = snapshot.at("workingSet", "bytes").number();
    Path file = Path.of(snapshot.at("folder").text()).resolve("working-set.pages");
    BenchRig.evict(List.of(file));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocate(bytes, 4096);
      MemorySegment to = arena.allocate(bytes, 4096);
      long began = System.nanoTime();
      try (ReadOnlyFile direct =
          ReadOnlyFile.openDirect(file).orElseGet(() -> ReadOnlyFile.open(file))) {
        direct.readFully(from, 0);
      }
      long read = System.nanoTime();
      to.copyFrom(from);
      return new BenchSet(
          function.name(),
          snapshot.at("workingSet", "pages").number(),
          bytes,
          snapshot.at("memoryBytes").number(),
          (read - began) / 1e6,
          (System.nanoTime() - read) / 1e6);
    }
  }

  List<BenchFunction> functions() {
    return functions;
  }

  List<BenchPlan> plans() {
    return plans;
  }

  /** How many calls a round makes of one function. */
  static int callsOf(List<BenchPlan> plans) {
    return plans.stream().mapToInt(plan -> plan.cold().size()).sum();
  }

  /** Each plan once, page cache cold. */
  List<BenchStart> cold(BenchFunction function) throws IOException, InterruptedException {
    var starts = new ArrayList<BenchStart>();
    for (BenchPlan plan : plans) {
      progress.working(function.name() + ", " + plan.label() + ", cold page cache");
      starts.add(measure(function, plan, true, 1));
    }
    return starts;
  }

  /** Each plan, page cache cold and warm. */
  List<BenchStart> round(BenchFunction function, int round, int rounds) throws Exception {
    String title = "round %d of %d: %s".formatted(round, rounds, function.name());
    return progress.step(
        title,
        () -> {
          var starts = new ArrayList<BenchStart>();
          for (BenchPlan plan : plans) {
            for (boolean cold : plan.cold()) {
              progress.working(title + ", " + plan.label() + (cold ? ", cold" : ", warm"));
              starts.add(measure(function, plan, cold, round));
            }
          }
          return starts;
        });
  }

  private BenchStart measure(BenchFunction function, BenchPlan plan, boolean cold, int round)
      throws IOException, InterruptedException {
    Optional<Json> snapshot =
        plan.restores() ? Optional.of(rig.recorded(function)) : Optional.empty();
    if (plan == BenchPlan.REMOTE) {
      rig.sendAway(function, snapshot.orElseThrow());
      snapshot = Optional.empty();
    }
    rig.deploy(function, plan);
    if (cold) {
      BenchRig.evict(rig.files(function, snapshot));
    }
    Invocation answer = rig.call(function, plan.starts() ? function.served() : function.recorded());
    Json start = rig.start(function, answer);
    if (!plan.starts()) {
      answer = rig.call(function, function.served());
    } else if (!start.at("plan").text().equals(plan.label())) {
      throw BenchRig.notAsAsked(function, start, plan.label());
    }
    BenchStart measured = row(function, plan, cold, round, start, answer);
    if (plan == BenchPlan.REMOTE) {
      rig.awaitMemory(function); // else it would stay behind with the guest
    }
    rig.remove(function);
    return measured;
  }

  private BenchStart row(
      BenchFunction function,
      BenchPlan plan,
      boolean cold,
      int round,
      Json start,
      Invocation answer)
      throws IOException {
    String instance = start.at("instance").text();
    Json memory = rig.instance(instance).at("pagedMemory");
    VmmProcess vmm = VmmProcess.of(instance);
    double total = (plan.starts() ? Times.nanos(start.at("total").text()) : answer.nanos()) / 1e6;
    return new BenchStart(
        function.name(),
        plan,
        cold,
        round,
        function.served(),
        total,
        plan.starts() ? phases(start) : Map.of(Phase.EXEC, total),
        memory.at("setPages").number(),
        Times.nanos(memory.at("fetch").text()) / 1e6,
        Times.nanos(memory.at("install").text()) / 1e6,
        memory.isMissing() ? -1 : memory.at("demandFaults").number(),
        vmm.majorFaults(),
        vmm.cpuMillis());
  }

  static Map<Phase, Double> phases(Json start) {
    var phases = new EnumMap<Phase, Double>(Phase.class);
    for (Json span : start.at("phases").items()) {
      Phase phase = PHASES.getOrDefault(span.at("phase").text(), Phase.OTHER);
      phases.merge(phase, span.at("durationNanos").number() / 1e6, Double::sum);
    }
    return phases;
  }

  /** The first function, restored once, twice, ... up to {@code most} times at once, each plan. */
  List<BenchBurst> bursts(int most) throws Exception {
    var bursts = new ArrayList<BenchBurst>();
    BenchFunction function = functions.getFirst();
    for (BenchPlan plan : plans) {
      if (plan == BenchPlan.FILE || plan == BenchPlan.REAP) {
        for (int restores = 1; restores <= most; restores *= 2) {
          int count = restores;
          bursts.add(
              progress.step(
                  "%s restored %d times at once by %s"
                      .formatted(function.name(), count, plan.label()),
                  () -> burst(function, plan, count)));
        }
      }
    }
    return bursts;
  }

  private BenchBurst burst(BenchFunction function, BenchPlan plan, int restores)
      throws IOException, InterruptedException {
    Json snapshot = rig.recorded(function);
    BenchRig.evict(rig.files(function, Optional.of(snapshot)));
    Set<Long> ours = ours(List.of());
    long cpuBefore = VmmProcess.cpuMillis(ours);
    rig.deployAtOnce(function, plan, restores);
    List<String> names =
        rig.instances(function).stream().map(each -> each.at("name").text()).toList();
    long cpu = VmmProcess.cpuMillis(ours(names)) - cpuBefore;
    BenchBurst burst = burst(function, plan, names, cpu, snapshot.at("memoryBytes").number());
    rig.remove(function);
    return burst;
  }

  private BenchBurst burst(
      BenchFunction function, BenchPlan plan, List<String> names, long cpu, long guestBytes)
      throws IOException {
    Instant first = Instant.MAX;
    Instant last = Instant.MIN;
    var times = new ArrayList<Double>();
    var sum = new VmmProcess.Memory(0, 0, 0);
    for (String name : names) {
      Json start = rig.start(name);
      if (!start.at("plan").text().equals(plan.label())) {
        throw BenchRig.notAsAsked(function, start, plan.label());
      }
      long nanos = Times.nanos(start.at("total").text());
      Instant began = Instant.parse(start.at("startedAt").text());
      first = began.isBefore(first) ? began : first;
      last = began.plusNanos(nanos).isAfter(last) ? began.plusNanos(nanos) : last;
      times.add(nanos / 1e6);
      sum = sum.plus(VmmProcess.of(name).memory(guestBytes));
    }
    return new BenchBurst(
        function.name(),
        plan,
        names.size(),
        Duration.between(first, last).toNanos() / 1e6,
        BenchFigures.median(times.stream().mapToDouble(Double::doubleValue).toArray()).orElse(0),
        cpu,
        sum.proportional(),
        sum.ownGuest() / names.size(),
        sum.ownRest() / names.size());
  }

  /** Daemon and pager, which name the state folder, and the VMMs of those instances. */
  private Set<Long> ours(List<String> instances) throws IOException {
    var pids = new HashSet<Long>();
    DemoCensus.processes(state)
        .forEach(process -> pids.add(Long.parseLong(process.split(" ", 2)[0])));
    instances.forEach(name -> pids.add(VmmProcess.of(name).pid()));
    return pids;
  }
}
