package dev.skep.containerd;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.host.Folders;
import dev.skep.host.Host;
import dev.skep.host.HostConfig;
import dev.skep.linux.Command;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.testkit.HostedRuntime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Containers from nothing to the first answer: Skep against {@code ctr run} in the same containerd,
 * with the same files as an image that is unpacked already, in turns. Those of {@code ctr} have the
 * host's network: they need none of their own made. All are asked with curl.
 */
final class ContainerBench {
  private static final double ONE_REACH = 1.15;
  private static final double MANY_REACH = 1.0;
  private static final int MANY = 50;
  private static final int FIRST_PORT = 21_000;
  private static final String IMAGE = "localhost/kit:latest";

  private final Path folder;
  private final HostedRuntime<ContainerRuntime> runtime;
  private int next;

  private ContainerBench(Path folder, HostedRuntime<ContainerRuntime> runtime) {
    this.folder = folder;
    this.runtime = runtime;
  }

  /** Arguments: archive of the image for containerd, rounds. */
  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory("skep-containers");
    Host host = Host.open(new HostConfig(folder, Optional.empty(), Optional.empty(), 4));
    var config = new ContainerConfig(Optional.empty(), Optional.of(TestContainerd.installed()));
    var runtime = new HostedRuntime<>(ContainerRuntime.open(host, config), host);
    try {
      print("%s", runtime.capabilities().detail());
      var bench = new ContainerBench(folder, runtime);
      bench.bySkep(0); // containerd is started with the first container
      bench.next = 1;
      bench.ctr("image", "import", args[0]);
      bench.one(Integer.parseInt(args[1]));
      bench.many(3);
    } finally {
      runtime.adopt().forEach(left -> left.stop(Duration.ZERO));
      runtime.close();
      Folders.delete(folder);
    }
  }

  private void one(int rounds) {
    var skep = new ArrayList<Long>();
    var ctr = new ArrayList<Long>();
    for (int round = 0; round <= rounds; round++) {
      long theirs = timed(1, this::byCtr);
      long mine = timed(1, this::bySkep);
      print("round %d: ctr run %d ms, Skep %d ms", round, theirs, mine);
      if (round > 0) { // the first warms the JVM and the page cache
        ctr.add(theirs);
        skep.add(mine);
      }
    }
    result("container from create to first answer", "ctr run, then curl", skep, ctr, ONE_REACH);
  }

  private void many(int rounds) {
    var skep = new ArrayList<Long>();
    var ctr = new ArrayList<Long>();
    for (int round = 1; round <= rounds; round++) {
      ctr.add(timed(MANY, this::byCtr));
      skep.add(timed(MANY, this::bySkep));
      print("round %d of %d: ctr %d ms, Skep %d ms", round, MANY, ctr.getLast(), skep.getLast());
    }
    result(MANY + " containers at once", "as many ctr run in parallel", skep, ctr, MANY_REACH);
  }

  /** Until all have answered; then they are removed. */
  private long timed(int count, IntConsumer start) {
    int first = next;
    next += count;
    long before = System.nanoTime();
    try (ExecutorService threads = Executors.newFixedThreadPool(count)) {
      CompletableFuture.allOf(
              IntStream.range(first, first + count)
                  .mapToObj(i -> CompletableFuture.runAsync(() -> start.accept(i), threads))
                  .toArray(CompletableFuture[]::new))
          .join();
    }
    long took = (System.nanoTime() - before) / 1_000_000;
    runtime.adopt().parallelStream().forEach(each -> each.stop(Duration.ZERO));
    IntStream.range(first, first + count).forEach(this::removeFromCtr);
    return took;
  }

  private void bySkep(int i) {
    var phases = new PhaseRecorder(System::nanoTime);
    StartOutcome outcome = runtime.start(spec(i), new StartPlan.Boot(), phases);
    phases.finish();
    if (!(outcome instanceof StartOutcome.Ok(Sandbox sandbox))) {
      throw new IllegalStateException(outcome.toString());
    }
    curl(sandbox.endpoint().getAddress().getHostAddress(), 8080);
    if (i < 20) {
      var text = new StringBuilder();
      phases
          .spans()
          .forEach(
              span ->
                  text.append(
                      "  %s %.1f".formatted(span.phase().label(), span.durationNanos() / 1e6)));
      print("%s", text);
    }
  }

  private void byCtr(int i) {
    int port = FIRST_PORT + i;
    ctr(
        "run",
        "-d",
        "--net-host",
        "--env",
        "PORT=" + port,
        "--env",
        "GREETING=x",
        IMAGE,
        name(i),
        "/kit",
        "serve");
    curl("127.0.0.1", port);
  }

  private void removeFromCtr(int i) {
    var _ = Command.of("ctr", "-a", socket(), "-n", "bench", "task", "rm", "-f", name(i)).tryRun();
    var _ = Command.of("ctr", "-a", socket(), "-n", "bench", "container", "rm", name(i)).tryRun();
  }

  private static String name(int i) {
    return "ctr-" + i;
  }

  private void ctr(String... arguments) {
    var line = new ArrayList<>(List.of("ctr", "-a", socket(), "-n", "bench"));
    line.addAll(List.of(arguments));
    Command.of(line.toArray(String[]::new)).within(Duration.ofMinutes(1)).run();
  }

  private String socket() {
    return folder.resolve("containerd/containerd.sock").toString();
  }

  private static void curl(String address, int port) {
    String loop =
        "until curl -sf --max-time 1 http://%s:%d/ | grep -q GREETING; do sleep 0.01; done"
            .formatted(address, port);
    Command.of("sh", "-c", loop).within(Duration.ofSeconds(60)).run();
  }

  private SandboxSpec spec(int i) {
    String id = "bench%05d".formatted(i);
    return new SandboxSpec(
        id,
        "bench",
        Map.of(),
        TestImage.erofs(),
        "sha256:" + "0".repeat(64),
        new ProcessSpec(List.of("/kit", "serve"), Map.of("PORT", "8080", "GREETING", "x"), "", "/"),
        new Resources(1, 64L << 20),
        8080,
        Probe.onPort(),
        Duration.ofSeconds(60),
        NetworkPolicy.DEFAULT,
        folder.resolve(id + ".log"));
  }

  private static void result(
      String what, String reference, List<Long> skep, List<Long> ctr, double reach) {
    long mine = median(skep);
    long theirs = median(ctr);
    double ratio = (double) mine / theirs;
    print(
        "RESULT\t%s\t%s\t%d ms\t%d ms\t%.2f\t<= %.2f\t%s",
        what, reference, mine, theirs, ratio, reach, ratio <= reach ? "ok" : "missed");
  }

  private static long median(List<Long> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  private static void print(String format, Object... arguments) {
    System.out.println(String.format(format, arguments));
  }
}
