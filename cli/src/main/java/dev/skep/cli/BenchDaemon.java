package dev.skep.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The daemon of one benchmark, and the images of the functions that it starts. */
final class BenchDaemon {
  /** On a disk: a snapshot in memory could not be cold. */
  private static final Path PARENT = Path.of("/var/lib");

  private final Globals globals;
  private final StepProgress progress;

  BenchDaemon(Globals globals, StepProgress progress) {
    this.globals = globals;
    this.progress = progress;
  }

  /** Writes the settings of a daemon that does not run yet. */
  interface Settings {
    void write(Path state) throws Exception;
  }

  /** What is done while the daemon runs. */
  interface Measurement<T> {
    T run(ApiClient api, Path state) throws Exception;
  }

  /** Prepares the host and builds the functions' images; a tar for each of the functions. */
  Map<String, Path> build(List<BenchFunction> functions) throws Exception {
    progress.step("host checked", SourceTree::prepareHost);
    return progress.step(
        "example images built, or found", () -> images().build(examples(functions)));
  }

  /** A daemon in a folder of its own, which goes with it: in --state, which is made if need be. */
  <T> T measure(Settings settings, Measurement<T> measurement) throws Exception {
    Path parent =
        globals.state == null ? PARENT : BenchOptions.folder("--state", globals.stateFolder());
    Path state = Files.createTempDirectory(parent, "skep-bench");
    settings.write(state);
    var daemon = new PrivateDaemon("the benchmark", state, true, progress);
    progress.step("daemon started", daemon::start);
    T result;
    try (ApiClient api = new ApiClient(state)) {
      result = measurement.run(api, state);
    }
    progress.step("daemon stopped, its folder removed", daemon::stop);
    return result;
  }

  /** Brings the functions' images into the daemon. */
  BenchRig rig(ApiClient api, List<BenchFunction> functions, Map<String, Path> tars)
      throws Exception {
    Map<String, String> references =
        progress.step("images imported", () -> images().provide(api, examples(functions), tars));
    return new BenchRig(api, new ExampleServices(api, SourceTree.root()), references);
  }

  private ExampleImages images() throws IOException {
    return new ExampleImages(SourceTree.root(), progress);
  }

  private static List<Example> examples(List<BenchFunction> functions) {
    return functions.stream().map(BenchFunction::example).toList();
  }
}
