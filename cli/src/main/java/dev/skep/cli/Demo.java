package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    var progress = new DemoProgress(terminal());
    progress.step("host checked", () -> prepare(repository()));
    DemoCensus before = DemoCensus.take(state);
    var daemon = new DemoDaemon(state, progress);
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

  private boolean show(Path state, DemoDaemon daemon, DemoProgress progress) throws Exception {
    var functions = DemoFunction.all();
    var images = new DemoImages(repository(), progress);
    Map<String, Path> tars =
        progress.step("example images built, or found", () -> images.build(functions));
    progress.step("daemon started", daemon::start);
    try (ApiClient api = new ApiClient(state)) {
      Map<String, String> references =
          progress.step("images imported, or found", () -> images.provide(api, functions, tars));
      var services = new DemoServices(api, repository());
      var show = new DemoShow(services, state, progress, requests);
      return show.run(terminal(), functions, references);
    }
  }

  /** Installs what is missing, where it may, and says so by itself. */
  private static boolean prepare(Path repository) throws IOException, InterruptedException {
    int status =
        new ProcessBuilder(repository.resolve("testbed/host").toString())
            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
            .waitFor();
    if (status != 0) {
      throw new SkepException(
          Code.UNSUPPORTED, "this host lacks what microVMs need (the list is above)");
    }
    return true;
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

  private static Path repository() throws IOException {
    String launcher = Launcher.command(List.of()).getFirst();
    return Objects.requireNonNull(Path.of(launcher).toRealPath().getParent());
  }
}
