package dev.skep.cli;

import dev.skep.api.SkepAnnotations;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "sandboxes",
    description =
        "Start functions in microVMs, gVisor and containers, on a daemon of its own, and compare.")
final class BenchSandboxes extends SkepCommand {
  @Option(
      names = "--functions",
      split = ",",
      paramLabel = "NAME",
      description = "Some of the suite, with commas between (default: ${DEFAULT-VALUE}).")
  List<String> functionNames = List.of("hello-python", "words-java");

  @Option(
      names = "--sandboxes",
      split = ",",
      paramLabel = "KIND",
      description = "Kinds, of microvm, gvisor and container (default: all).")
  List<String> kinds = SkepAnnotations.KINDS;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often each is measured (default: ${DEFAULT-VALUE}).")
  int rounds = 3;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder for sandboxes.csv (default: ${DEFAULT-VALUE}).")
  Path out = Path.of("sandboxes");

  BenchSandboxes(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws Exception {
    List<BenchFunction> functions = BenchFunction.named(functionNames);
    BenchOptions.known("sandbox", kinds, SkepAnnotations.KINDS);
    BenchOptions.atLeast("--rounds", rounds, 1);
    Path folder = BenchOptions.folder("--out", out);
    var progress = new StepProgress(terminal());
    var daemon = new BenchDaemon(globals(), progress);
    Map<String, Path> tars = daemon.build(functions);
    List<KindStart> starts =
        daemon.measure(
            state -> progress.step("gVisor's runsc found", () -> DemoKinds.prepare(state)),
            (api, _) -> {
              BenchRig rig = daemon.rig(api, functions, tars);
              return measure(functions, new KindRun(rig, api), progress, folder);
            });
    terminal().print(table(starts, terminal()).toString());
    terminal().println("Rows: " + folder.resolve("sandboxes.csv"));
    return ExitCodes.OK;
  }

  /** What was measured is kept as it comes; a kind that this host has not is left out, and said. */
  private List<KindStart> measure(
      List<BenchFunction> functions, KindRun run, StepProgress progress, Path folder)
      throws Exception {
    var starts = new ArrayList<KindStart>();
    for (String kind : kinds) {
      Optional<String> trouble = run.trouble(kind);
      if (trouble.isPresent()) {
        terminal().note("skep: " + kind + " is left out: " + trouble.get());
        continue;
      }
      for (BenchFunction function : functions) {
        starts.addAll(
            progress.step(
                function.name() + " in " + kind, () -> starts(function, kind, run, progress)));
        var csv = new StringBuilder(KindStart.HEADER);
        starts.forEach(start -> csv.append(start.csv()));
        Files.writeString(folder.resolve("sandboxes.csv"), csv);
      }
    }
    return starts;
  }

  private List<KindStart> starts(
      BenchFunction function, String kind, KindRun run, StepProgress progress) throws Exception {
    var starts = new ArrayList<KindStart>();
    for (int round = 1; round <= rounds; round++) {
      progress.working("%s in %s, boot %d of %d".formatted(function.name(), kind, round, rounds));
      starts.add(run.boot(function, kind, round));
    }
    if (!kind.equals("container")) { // nothing saves those
      progress.working(function.name() + " in " + kind + ", restores");
      starts.addAll(run.restores(function, kind, rounds));
    }
    return starts;
  }

  /** Medians; a line for each function and kind. */
  static Table table(List<KindStart> starts, Terminal terminal) {
    var table =
        new Table(terminal, "FUNCTION", "SANDBOX", "BOOT", "RESTORE", "BY", "WARM", "MEMORY");
    starts.stream()
        .map(start -> List.of(start.function(), start.kind()))
        .distinct()
        .sorted(Comparator.comparing(List::getFirst)) // stable: kinds stay as they came
        .forEach(
            pair -> {
              List<KindStart> own =
                  starts.stream()
                      .filter(start -> List.of(start.function(), start.kind()).equals(pair))
                      .toList();
              List<KindStart> boots = own.stream().filter(KindStart::boots).toList();
              List<KindStart> restores = own.stream().filter(start -> !start.boots()).toList();
              table.row(
                  pair.get(0),
                  pair.get(1),
                  time(boots, KindStart::totalMillis),
                  time(restores, KindStart::totalMillis),
                  restores.isEmpty() ? "-" : restores.getFirst().plan(),
                  time(own, KindStart::warmMillis),
                  memory(boots));
            });
    return table;
  }

  private static String time(List<KindStart> starts, ToDoubleFunction<KindStart> millis) {
    OptionalDouble median = BenchFigures.median(starts.stream().mapToDouble(millis).toArray());
    return median.isEmpty() ? "-" : Times.precise(Math.round(median.getAsDouble() * 1e6));
  }

  private static String memory(List<KindStart> starts) {
    OptionalDouble median =
        BenchFigures.median(starts.stream().mapToDouble(KindStart::memoryBytes).toArray());
    return median.isEmpty() ? "-" : "%.0f MB".formatted(median.getAsDouble() / 1e6);
  }
}
