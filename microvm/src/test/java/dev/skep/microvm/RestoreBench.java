package dev.skep.microvm;

import dev.skep.api.Resources;
import dev.skep.host.Folders;
import dev.skep.linux.PageCache;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.PagedMemory;
import dev.skep.sandbox.Paging;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.testkit.HostedRuntime;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One function, restored in every way, from its start to its first answer: page cache evicted file
 * by file ("cold") or not ("warm"), the ways in turns. The recorded set is that of another request.
 */
final class RestoreBench {
  private record Way(String name, Paging paging, boolean cold) {}

  private static final List<Way> WAYS =
      List.of(
          new Way("file, warm", Paging.FILE, false),
          new Way("file, cold", Paging.FILE, true),
          new Way("prefetch, cold", Paging.PREFETCH, true),
          new Way("lazy, cold", Paging.LAZY, true),
          new Way("reap, warm", Paging.REAP, false),
          new Way("reap, cold", Paging.REAP, true));

  private final Path folder;
  private final Path image;
  private final List<String> argv;
  private final Path snapshot;
  private final HostedRuntime<MicroVmRuntime> runtime;
  private int starts;

  private RestoreBench(
      Path folder, Path image, List<String> argv, HostedRuntime<MicroVmRuntime> runtime)
      throws IOException {
    this.folder = folder;
    this.image = image;
    this.argv = argv;
    this.snapshot = Files.createDirectory(folder.resolve("snapshot"));
    this.runtime = runtime;
  }

  /** Arguments: EROFS image, command in one argument, rounds. */
  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory(TestHost.cache(), "restore"); // not in memory
    HostedRuntime<MicroVmRuntime> runtime = TestHost.open(TestHost.config(folder));
    try {
      runtime.adopt();
      List<String> argv = List.of(args[1].split(" ", -1));
      new RestoreBench(folder, Path.of(args[0]), argv, runtime).run(Integer.parseInt(args[2]));
    } finally {
      runtime.adopt().forEach(left -> left.stop(Duration.ZERO));
      runtime.close();
      Folders.delete(folder);
    }
  }

  private void run(int rounds) throws IOException {
    long began = System.nanoTime();
    Sandbox origin = start(new StartPlan.Boot());
    get(origin, "/");
    long boot = (System.nanoTime() - began) / 1_000_000;
    List<Long> pauses = pauses(origin);
    origin.stop(Duration.ZERO);
    Sandbox first = start(new StartPlan.Restore(snapshot, Paging.LAZY, true));
    get(first, "/recorded");
    int pages = first.recordTo(snapshot);
    long firstFaults = faults(first);
    first.stop(Duration.ZERO);
    print("boot %d ms, pauses %s us, set %d pages", boot, pauses, pages);
    measure(WAYS.getLast()); // warms the pager; not counted

    Map<Way, List<Long>> times = new LinkedHashMap<>();
    WAYS.forEach(way -> times.put(way, new ArrayList<>()));
    for (int round = 1; round <= rounds; round++) {
      var line = new StringBuilder("round " + round);
      for (Way way : WAYS) {
        long took = measure(way);
        times.get(way).add(took);
        line.append("  ").append(way.name()).append(' ').append(took / 1000);
      }
      print(line.append(" ms").toString());
    }
    report(times, boot, pauses, pages, firstFaults);
  }

  /** Of several snapshots of the same guest, in microseconds; the first one is kept. */
  private List<Long> pauses(Sandbox origin) throws IOException {
    var pauses = new ArrayList<Long>();
    pauses.add(origin.snapshot(snapshot).toNanos() / 1_000);
    for (int again = 0; again < 8; again++) {
      Path other = Files.createDirectory(folder.resolve("again"));
      pauses.add(origin.snapshot(other).toNanos() / 1_000);
      Folders.delete(other);
    }
    return pauses;
  }

  private static long faults(Sandbox sandbox) {
    return sandbox.pagedMemory().map(PagedMemory::demandFaults).orElse(0L);
  }

  private long lastFaults;

  /** In microseconds. */
  private long measure(Way way) throws IOException {
    if (way.cold()) {
      for (String name :
          List.of(SnapshotFiles.MEMORY, SnapshotFiles.STATE, SnapshotFiles.WORKING_SET_PAGES)) {
        PageCache.evict(snapshot.resolve(name));
      }
    }
    long began = System.nanoTime();
    Sandbox clone = start(new StartPlan.Restore(snapshot, way.paging(), false));
    get(clone, "/served");
    long took = (System.nanoTime() - began) / 1_000;
    lastFaults = faults(clone);
    clone.stop(Duration.ZERO);
    return took;
  }

  private void report(
      Map<Way, List<Long>> times, long boot, List<Long> pauses, int pages, long firstFaults) {
    Map<String, Long> median = new LinkedHashMap<>();
    times.forEach((way, all) -> median.put(way.name(), median(all)));
    result(
        "restore, reap, cold page cache",
        "the same, warm",
        median,
        "reap, cold",
        "reap, warm",
        1.10);
    result("restore, reap, cold page cache", "file, warm", median, "reap, cold", "file, warm", 0);
    result("restore, reap, cold page cache", "lazy, cold", median, "reap, cold", "lazy, cold", 0);
    result("restore, reap, cold page cache", "file, cold", median, "reap, cold", "file, cold", 0);
    result(
        "restore, prefetch, cold page cache",
        "file, cold",
        median,
        "prefetch, cold",
        "file, cold",
        0);
    long reap = median.get("reap, cold") / 1000;
    print(
        "RESULT\trestore, reap, cold page cache\tboot\t%d ms\t%d ms\t%.2f\t-\t",
        reap, boot, (double) reap / boot);
    double left = 100.0 * lastFaults / firstFaults;
    print(
        "RESULT\tfaults left after reap\tfaults while recording\t%d\t%d\t%.1f %%\t<= 3 %%\t%s",
        lastFaults, firstFaults, left, left <= 3 ? "ok" : "missed");
    pause("first of a JVM", pauses.getFirst(), pages);
    pause("median of " + pauses.size(), median(pauses), pages);
  }

  private static void pause(String which, long micros, int pages) {
    print(
        "RESULT\tpause for a snapshot, %d MB guest, set of %d pages, %s\t-\t%.1f ms\t-\t-\t<= 50 ms\t%s",
        MachinePlace.guestBytes(128L << 20) >> 20,
        pages,
        which,
        micros / 1e3,
        micros <= 50_000 ? "ok" : "missed");
  }

  private static void result(
      String what,
      String reference,
      Map<String, Long> median,
      String mine,
      String theirs,
      double reach) {
    double ratio = (double) median.get(mine) / median.get(theirs);
    print(
        "RESULT\t%s\t%s\t%d ms\t%d ms\t%.2f\t%s\t%s",
        what,
        reference,
        median.get(mine) / 1000,
        median.get(theirs) / 1000,
        ratio,
        reach > 0 ? "<= %.2f".formatted(reach) : "-",
        reach > 0 ? ratio <= reach ? "ok" : "missed" : "");
  }

  private Sandbox start(StartPlan plan) {
    String id = "r%09d".formatted(++starts);
    SandboxSpec like =
        TestHost.spec(folder, id, argv, NetworkPolicy.DEFAULT, Duration.ofSeconds(120));
    var spec =
        new SandboxSpec(
            id,
            like.hostname(),
            like.labels(),
            image,
            like.imageDigest(),
            new ProcessSpec(argv, Map.of("PORT", "8080"), "", "/"),
            new Resources(1, 128L << 20),
            8080,
            like.readiness(),
            like.readyTimeout(),
            like.network(),
            like.logFile());
    StartOutcome outcome = runtime.start(spec, plan, new PhaseRecorder(System::nanoTime));
    if (!(outcome instanceof StartOutcome.Ok(Sandbox sandbox))) {
      throw new IllegalStateException(outcome.toString());
    }
    return sandbox;
  }

  private static void get(Sandbox sandbox, String path) throws IOException {
    try (var socket = new Socket()) {
      socket.setSoTimeout(60_000);
      socket.connect(sandbox.endpoint(), 10_000);
      String request = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      if (socket.getInputStream().read() < 0) {
        throw new IOException("no answer from " + sandbox.id());
      }
    }
  }

  private static long median(List<Long> values) {
    List<Long> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }

  private static void print(String format, Object... arguments) {
    System.out.println(arguments.length == 0 ? format : format.formatted(arguments));
  }
}
