package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "coldstart",
    description =
        "Start a suite of functions in every way, on a daemon of its own, and write a report.")
final class BenchColdStart extends SkepCommand {
  @Option(
      names = "--functions",
      split = ",",
      paramLabel = "NAME",
      description = "Some of the suite, with commas between (default: all).")
  List<String> functionNames = List.of();

  @Option(
      names = "--plans",
      split = ",",
      paramLabel = "PLAN",
      description =
          "Ways to start, of boot, file, prefetch, lazy, reap, remote and warm (default: all of them,"
              + " remote with --remote only).")
  List<String> planNames = List.of();

  @Option(
      names = "--remote",
      paramLabel = "s3://BUCKET/PREFIX",
      description = "Where the plan remote has its snapshots; nothing in it is removed.")
  String remote = "";

  @Option(
      names = "--endpoint",
      paramLabel = "URL",
      description = "Of the object store, if it is not AWS.")
  String endpoint = "";

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often each is measured, cold and warm (default: ${DEFAULT-VALUE}).")
  int rounds = 5;

  @Option(
      names = "--at-once",
      paramLabel = "N",
      description =
          "Most restores at the same time; 0 leaves that out (default: ${DEFAULT-VALUE}).")
  int atOnce = 16;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Folder for starts.csv, bursts.csv and report.html (default: ${DEFAULT-VALUE}).")
  Path out = Path.of("coldstart");

  BenchColdStart(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws Exception {
    List<BenchFunction> functions = BenchFunction.named(functionNames);
    List<BenchPlan> plans = plans();
    BenchOptions.atLeast("--rounds", rounds, 1);
    BenchOptions.atLeast("--at-once", atOnce, 0);
    Path folder = BenchOptions.folder("--out", out);
    terminal().note(BenchEstimate.before(functions.size(), plans, rounds, atOnce));
    var progress = new StepProgress(terminal());
    var daemon = new BenchDaemon(globals(), progress);
    Map<String, Path> tars = daemon.build(functions);
    BenchResult result =
        daemon.measure(
            this::settings,
            (api, state) -> {
              BenchRig rig = daemon.rig(api, functions, tars);
              var run = new BenchRun(rig, state, progress, functions, plans);
              Json status = api.get(ApiClient.SKEP + "/status");
              return measure(run, BenchHost.facts(status, state), folder);
            });
    report(result, folder);
    return ExitCodes.OK;
  }

  private List<BenchPlan> plans() {
    if (!planNames.isEmpty()) {
      List<BenchPlan> asked = BenchPlan.named(planNames);
      if (asked.contains(BenchPlan.REMOTE) && remote.isEmpty()) {
        throw new SkepException(
            Code.INVALID, "plan remote without --remote (expected: s3://BUCKET/PREFIX)");
      }
      return asked;
    }
    return Arrays.stream(BenchPlan.values())
        .filter(plan -> plan != BenchPlan.REMOTE || !remote.isEmpty())
        .toList();
  }

  private void settings(Path state) throws IOException {
    if (!remote.isEmpty()) {
      Json snapshots = Json.object().set("remote", remote).set("endpoint", endpoint);
      String yaml = JsonText.yaml(Json.object().set("snapshots", snapshots));
      Files.writeString(state.resolve("skep.yaml"), yaml);
    }
  }

  /** What was measured is kept as it comes: a run that breaks off has its rows. */
  private BenchResult measure(BenchRun run, Map<String, String> host, Path folder)
      throws Exception {
    long began = System.nanoTime();
    List<BenchSet> sets = run.prepare();
    if (!sets.isEmpty()) {
      long took = System.nanoTime() - began;
      terminal().note(BenchEstimate.after(sets.size(), run.plans(), rounds, took));
    }
    var starts = new ArrayList<BenchStart>();
    for (int round = 1; round <= rounds; round++) {
      for (BenchFunction function : run.functions()) {
        starts.addAll(run.round(function, round, rounds));
        Files.writeString(folder.resolve("starts.csv"), BenchCsv.starts(starts));
      }
    }
    List<BenchBurst> bursts = atOnce == 0 ? List.of() : run.bursts(atOnce);
    Files.writeString(folder.resolve("bursts.csv"), BenchCsv.bursts(bursts));
    return new BenchResult(host, run.functions(), run.plans(), rounds, starts, sets, bursts);
  }

  private void report(BenchResult result, Path folder) throws IOException {
    List<BenchBound> bounds = BenchBounds.of(result);
    Path page = folder.resolve("report.html");
    Files.writeString(page, BenchPage.of(result, bounds));
    terminal().print(summary(result).toString());
    for (BenchBound bound : bounds) {
      String mark = bound.reached() ? terminal().green("ok    ") : terminal().red("missed");
      terminal()
          .println(
              mark + " " + bound.measuredText() + " (" + bound.reachText() + ")  " + bound.what());
      if (!bound.reached()) {
        terminal().println(terminal().dim("         " + bound.why()));
      }
    }
    BenchVerdict.sentences(result, bounds).forEach(terminal()::println);
    terminal().println("Report: " + page);
  }

  /** First byte of each function and plan, page cache cold. */
  private Table summary(BenchResult result) {
    var header = new ArrayList<>(List.of("FUNCTION"));
    result.plans().forEach(plan -> header.add(plan.name()));
    var table = new Table(terminal(), header.toArray(String[]::new));
    for (BenchFunction function : result.functions()) {
      var row = new ArrayList<>(List.of(function.name()));
      for (BenchPlan plan : result.plans()) {
        row.add(
            result.firstByte(function.name(), plan, plan.starts()).stream()
                .mapToObj(millis -> Times.precise(Math.round(millis * 1e6)))
                .findFirst()
                .orElse("-"));
      }
      table.row(row.toArray(String[]::new));
    }
    return table;
  }
}
