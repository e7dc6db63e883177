package dev.skep.gvisor;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.host.Folders;
import dev.skep.host.Network;
import dev.skep.image.Image;
import dev.skep.image.ImageConfig;
import dev.skep.image.ImageSettings;
import dev.skep.image.Images;
import dev.skep.image.LocalImages;
import dev.skep.image.RootFiles;
import dev.skep.linux.Command;
import dev.skep.oci.OciSpec;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.Paging;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.testkit.HostedRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Create to first answer: Skep against {@code runsc run} by hand with the same flags, image and
 * configuration, in a namespace that is ready; and restores against the boots of the same function.
 * In turns, asked with curl.
 */
final class GvisorBench {
  private static final double CREATE_REACH = 1.10;
  private static final double RESTORE_REACH = 0.5;

  private final Path folder;
  private final HostedRuntime<GvisorRuntime> runtime;
  private final Runsc runsc;
  private int starts;

  private GvisorBench(Path folder, HostedRuntime<GvisorRuntime> runtime, Runsc runsc) {
    this.folder = folder;
    this.runtime = runtime;
    this.runsc = runsc;
  }

  /** Arguments: rounds, then for each function a tar and its command in one argument. */
  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory(Path.of(System.getProperty("user.home")), "gvisor-");
    HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(folder);
    Path root = Files.createDirectories(folder.resolve("hand/runsc"));
    try (LocalImages images =
        LocalImages.open(folder.resolve("images"), ImageSettings.defaults(), Clock.systemUTC())) {
      runtime.adopt();
      print(runtime.capabilities().detail());
      var bench =
          new GvisorBench(folder, runtime, RunscProbe.find(TestRunsc.CURRENT.config(), root));
      int rounds = Integer.parseInt(args[0]);
      for (int i = 1; i < args.length; i += 2) {
        Path tar = Path.of(args[i]);
        String name = tar.getFileName().toString().replaceAll("-[0-9a-f]{12}\\.tar$", "");
        var config =
            new ImageConfig(List.of("/x"), List.of(), Map.of(), "", "", Optional.empty(), "amd64");
        Image image = images.importRootfs(tar, "dev.local/" + name, config, Images.Progress.NONE);
        List<String> argv = List.of(args[i + 1].split(" ", -1));
        if (i == 1) {
          bench.create(name, image, argv, rounds);
        }
        bench.restore(name, image, argv, rounds);
      }
    } finally {
      runtime.adopt().forEach(left -> left.stop(Duration.ZERO));
      runtime.close();
      var _ = Command.of("umount", root.resolve("null-netns").toString()).tryRun(); // runsc's
      Folders.delete(folder);
    }
  }

  private void create(String name, Image image, List<String> argv, int rounds) throws Exception {
    stop(bySkep(image, argv, new StartPlan.Boot(), new ArrayList<>())); // warms; not counted
    var skep = new ArrayList<Long>();
    var hand = new ArrayList<Long>();
    for (int round = 1; round <= rounds; round++) {
      byHand(spec(image, argv), hand);
      stop(bySkep(image, argv, new StartPlan.Boot(), skep));
      print("%s %d: by hand %d ms, Skep %d ms", name, round, hand.getLast(), skep.getLast());
    }
    result(
        "gVisor: create to first answer, " + name,
        "runsc run, polled with curl",
        skep,
        hand,
        CREATE_REACH);
  }

  private void restore(String name, Image image, List<String> argv, int rounds) throws Exception {
    var boots = new ArrayList<Long>();
    var restores = new ArrayList<Long>();
    Sandbox origin = bySkep(image, argv, new StartPlan.Boot(), new ArrayList<>());
    Path snapshot = Files.createDirectory(folder.resolve("snapshot-" + name));
    Duration stood = origin.snapshot(snapshot);
    stop(origin);
    var plan = new StartPlan.Restore(snapshot, Paging.FILE, false);
    for (int round = 1; round <= rounds; round++) {
      stop(bySkep(image, argv, new StartPlan.Boot(), boots));
      stop(bySkep(image, argv, plan, restores));
      print("%s %d: boot %d ms, restore %d ms", name, round, boots.getLast(), restores.getLast());
    }
    print("%s stood still for %d ms while it was saved", name, stood.toMillis());
    result(
        "gVisor: restore to first answer, " + name,
        "its own boot to first answer",
        restores,
        boots,
        RESTORE_REACH);
  }

  private Sandbox bySkep(Image image, List<String> argv, StartPlan plan, List<Long> times) {
    SandboxSpec spec = spec(image, argv);
    var phases = new PhaseRecorder(System::nanoTime);
    long before = System.nanoTime();
    StartOutcome outcome = runtime.start(spec, plan, phases);
    if (!(outcome instanceof StartOutcome.Ok(Sandbox sandbox))) {
      throw new IllegalStateException(outcome.toString());
    }
    phases.finish();
    curl(sandbox.endpoint().getAddress().getHostAddress());
    times.add((System.nanoTime() - before) / 1_000_000);
    for (PhaseRecorder.Span span : phases.spans()) {
      print("  %-15s %7.1f ms", span.phase().label(), span.durationNanos() / 1e6);
    }
    return sandbox;
  }

  private void byHand(SandboxSpec spec, List<Long> times) throws IOException {
    var networks = runtime.host().networks();
    Network network =
        networks.acquire(Network.Kind.PROCESS, spec.network(), Duration.ofSeconds(10));
    Path bundle = Files.createDirectory(folder.resolve("bundle-" + spec.id()));
    try (RootFiles image = RootFiles.open(spec.rootImage())) {
      var place =
          new OciSpec.Place(
              bundle,
              Files.createDirectory(bundle.resolve("rootfs")),
              network.namespaceFile(),
              network.address(),
              List.of(),
              Optional.empty());
      OciSpec config = OciSpec.of(spec, image, place).withAnnotations(annotations(spec));
      Files.write(bundle.resolve("config.json"), config.toJson());
      long before = System.nanoTime();
      Process run =
          new ProcessBuilder(runsc.commandLine("run", "--detach", "--bundle=" + bundle, spec.id()))
              .redirectErrorStream(true)
              .redirectOutput(bundle.resolve("out").toFile())
              .start();
      curl(network.address());
      times.add((System.nanoTime() - before) / 1_000_000);
      run.destroy();
    } finally {
      runsc.delete(spec.id());
      networks.release(network, spec.network());
    }
  }

  private static Map<String, String> annotations(SandboxSpec spec) {
    return Map.of(
        "dev.gvisor.spec.rootfs.source", spec.rootImage().toString(),
        "dev.gvisor.spec.rootfs.type", "erofs",
        "dev.gvisor.spec.rootfs.overlay", "memory");
  }

  private SandboxSpec spec(Image image, List<String> argv) {
    String id = "bench%05d".formatted(++starts);
    return new SandboxSpec(
        id,
        "bench",
        Map.of(),
        image.erofs(),
        image.digest(),
        new ProcessSpec(argv, Map.of("PORT", "8080", "TARGET", "World"), "", "/"),
        new Resources(1, 256L << 20),
        8080,
        Probe.onPort(),
        Duration.ofSeconds(60),
        NetworkPolicy.DEFAULT,
        folder.resolve(id + ".log"));
  }

  /** Again until there is an answer; more often, it takes from the start that it waits for. */
  private static void curl(String address) {
    Command.of(
            "sh",
            "-c",
            "until curl -s -o /dev/null -m 5 http://" + address + ":8080/; do sleep 0.02; done")
        .run();
  }

  private static void stop(Sandbox sandbox) {
    sandbox.stop(Duration.ZERO);
  }

  private static void result(
      String what, String reference, List<Long> mine, List<Long> theirs, double reach) {
    double ratio = (double) median(mine) / median(theirs);
    print(
        "RESULT\t%s\t%s\t%d ms\t%d ms\t%.2f\t<= %.2f\t%s",
        what,
        reference,
        median(mine),
        median(theirs),
        ratio,
        reach,
        ratio <= reach ? "ok" : "missed");
  }

  private static long median(List<Long> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  private static void print(String format, Object... values) {
    System.out.println(format.formatted(values));
  }
}
