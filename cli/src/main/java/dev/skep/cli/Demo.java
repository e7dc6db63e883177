package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    description =
        "Show Skep at work: three functions boot in microVMs, answer, scale out and go back to zero.")
final class Demo extends SkepCommand {
  /** Apart from the default, so that a daemon that runs already is not disturbed. */
  private static final Path FOLDER = Path.of("/var/lib/skep-demo");

  @Option(names = "--keep", description = "Leave the daemon up and say what to try next.")
  boolean keep;

  @Option(
      names = "--requests",
      paramLabel = "N",
      description = "Warm requests to each function (default: ${DEFAULT-VALUE}).")
  int requests = 1000;

  Demo(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws Exception {
    Path state = globals().state == null ? FOLDER : state();
    if (DaemonProcess.find(state).isPresent()) {
      throw new SkepException(
          Code.ALREADY_EXISTS,
          "a daemon runs on " + state + " (stop it with 'skep down --state " + state + "')");
    }
    var progress = new StepProgress(terminal());
    progress.step("host checked", SourceTree::prepareHost);
    DemoCensus before = DemoCensus.take(state);
    var daemon = new PrivateDaemon("the demo", state, false, progress);
    long began = System.nanoTime();
    boolean good = show(state, daemon, progress);
    if (keep) {
      daemon.keep();
      DemoHints.print(terminal(), state);
      return good ? ExitCodes.OK : ExitCodes.FAILED;
    }
    progress.step("daemon stopped", daemon::stop);
    boolean clean = compare(before, DemoCensus.take(state), daemon.tag());
    terminal().println("Done in " + Times.precise(System.nanoTime() - began) + ".");
    return good && clean ? ExitCodes.OK : ExitCodes.FAILED;
  }

  private boolean show(Path state, PrivateDaemon daemon, StepProgress progress) throws Exception {
    var functions = DemoFunction.all();
    List<Example> examples = functions.stream().map(DemoFunction::example).toList();
    var images = new ExampleImages(SourceTree.root(), progress);
    Map<String, Path> tars =
        progress.step("example images built, or found", () -> images.build(examples));
    progress.step("gVisor's runsc found", () -> DemoKinds.prepare(state));
    progress.step("daemon started", daemon::start);
    try (ApiClient api = new ApiClient(state)) {
      Map<String, String> references =
          progress.step("images imported, or found", () -> images.provide(api, examples, tars));
      var services = new ExampleServices(api, SourceTree.root());
      var show = new DemoShow(services, state, progress, requests);
      boolean good = show.run(terminal(), functions, references);
      var rig = new BenchRig(api, services, references);
      showStarts(new BenchRun(rig, state, progress, List.of(), DemoStarts.PLANS), progress);
      var kinds = new KindRun(rig, api);
      terminal().print(new DemoKinds(terminal(), kinds).show(progress));
      Path tar = tars.getOrDefault(DemoStarts.function().name(), Path.of(""));
      terminal().print(new DemoLazy(api, kinds).show(tar, progress));
      if (keep) { // the Service that was measured is gone
        show.deploy(functions, references);
      }
      return good;
    }
  }

  private void showStarts(BenchRun run, StepProgress progress) throws Exception {
    List<BenchStart> starts =
        progress.step("booted and restored", () -> run.cold(DemoStarts.function()));
    terminal().print(DemoStarts.of(starts, terminal()));
  }

  private boolean compare(DemoCensus before, DemoCensus after, String tag) {
    List<String> left = after.since(before, tag);
    if (left.isEmpty()) {
      terminal().println("Left behind: nothing (" + DemoCensus.looked() + " are as before).");
    } else {
      terminal().println(terminal().red("Left behind:"));
      left.forEach(object -> terminal().println("  " + object));
    }
    return left.isEmpty();
  }
}
