package dev.skep.cli;

import dev.skep.api.SkepAnnotations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The short form of {@code skep bench sandboxes}: one function, booted once in each kind. */
final class DemoKinds {
  private final Terminal terminal;
  private final KindRun run;
  private final BenchFunction function = DemoStarts.function();

  DemoKinds(Terminal terminal, KindRun run) {
    this.terminal = terminal;
    this.run = run;
  }

  /**
   * Settings for a daemon that is to run all kinds: a runsc, unless the host has its own.
   *
   * @param state folder of a daemon that does not run yet; settings that are there stay
   */
  static boolean prepare(Path state) throws IOException, InterruptedException {
    Path settings = state.resolve("skep.yaml");
    boolean installed =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "runsc")));
    if (installed || Files.exists(settings)) {
      return true;
    }
    Optional<Path> runsc = SourceTree.runsc();
    if (runsc.isPresent()) {
      Json gvisor = Json.object().set("runsc", runsc.get().toString());
      Files.createDirectories(state);
      Files.writeString(settings, JsonText.yaml(Json.object().set("gvisor", gvisor)));
    }
    return true;
  }

  /** A line for each kind; one that this host has not says what is missing. */
  String show(StepProgress progress) throws Exception {
    var starts = new ArrayList<KindStart>();
    var missing = new ArrayList<String>();
    for (String kind : SkepAnnotations.KINDS) {
      Optional<String> trouble = run.trouble(kind);
      if (trouble.isPresent()) {
        missing.add("Not in " + kind + ": " + trouble.get() + "\n");
      } else {
        starts.add(progress.step("booted in " + kind, () -> run.boot(function, kind, 1)));
      }
    }
    return "\nThe same image of %s, booted in each kind of sandbox ('skep deploy --sandbox'):\n%s%s"
        .formatted(function.name(), table(starts), String.join("", missing));
  }

  private Table table(List<KindStart> starts) {
    return DemoBars.of(
        starts.stream()
            .map(
                start ->
                    new DemoBars.Bar(
                        start.kind(),
                        start.totalMillis(),
                        "%.1f ms warm, %.0f MB"
                            .formatted(start.warmMillis(), start.memoryBytes() / 1e6)))
            .toList(),
        terminal);
  }
}
