package dev.skep.cli;

import dev.skep.api.SkepAnnotations;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "images",
    description = {
      "Start a function whose image is in a registry behind slow links: pulled in full, and lazily.",
      "The registry and the links are made for it, in a network namespace."
    })
final class BenchImages extends SkepCommand {
  @Option(
      names = "--bandwidths",
      split = ",",
      paramLabel = "MBIT",
      description = "Of the links, in Mbit/s (default: ${DEFAULT-VALUE}).")
  List<Integer> bandwidths = List.of(50, 100, 500);

  @Option(
      names = "--megabytes",
      paramLabel = "N",
      description = "Size of the image, compressed (default: ${DEFAULT-VALUE}).")
  int megabytes = 200;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often each is measured (default: ${DEFAULT-VALUE}).")
  int rounds = 2;

  @Option(
      names = "--sandbox",
      paramLabel = "KIND",
      description =
          "In which the function runs, of microvm, gvisor and container (default:"
              + " ${DEFAULT-VALUE}, which takes the least time besides that of the image).")
  String kind = "container";

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder for images.csv (default: ${DEFAULT-VALUE}).")
  Path out = Path.of("images");

  BenchImages(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws Exception {
    bandwidths.forEach(each -> BenchOptions.atLeast("--bandwidths", each, 1));
    BenchOptions.atLeast("--megabytes", megabytes, 1);
    BenchOptions.atLeast("--rounds", rounds, 1);
    BenchOptions.known("sandbox", List.of(kind), SkepAnnotations.KINDS);
    Path folder = BenchOptions.folder("--out", out);
    BenchFunction function = DemoStarts.function();
    var progress = new StepProgress(terminal());
    var daemon = new BenchDaemon(globals(), progress);
    Map<String, Path> tars = daemon.build(List.of(function));
    progress.step("registry found", SourceTree::prepareRegistry);
    Path work = Files.createTempDirectory(folder, ".registry");
    List<ImageStart> starts;
    try (var registry = new BenchRegistry(work)) {
      progress.step("registry started", registry::start);
      starts =
          daemon.measure(
              state -> settings(state, registry.name()),
              (api, state) -> {
                var run = new ImageRun(api, state.resolve("images"), registry, function, kind);
                Path tar = tars.getOrDefault(function.name(), Path.of(""));
                prepare(run, tar, work, progress);
                return measure(run, progress, folder);
              });
    }
    terminal().print(table(starts, terminal()).toString());
    for (ImageStart.Way way : ImageStart.Way.values()) {
      terminal().println(terminal().dim(way.label() + ": " + way.meaning()));
    }
    terminal().println("Rows: " + folder.resolve("images.csv"));
    return ExitCodes.OK;
  }

  private static void settings(Path state, String registry) throws Exception {
    DemoKinds.prepare(state);
    Path file = state.resolve("skep.yaml");
    Json settings =
        Files.exists(file) ? JsonText.readYaml(Files.readAllBytes(file)).getFirst() : Json.object();
    settings.set("images", Json.object().set("plainHttpRegistries", List.of(registry)));
    Files.writeString(file, JsonText.yaml(settings));
  }

  private void prepare(ImageRun run, Path tar, Path work, StepProgress progress) throws Exception {
    Path plain = Files.createDirectory(work.resolve("plain"));
    Path lazy = Files.createDirectory(work.resolve("lazy"));
    progress.step(
        "image of %d MB made, and converted".formatted(megabytes),
        () -> {
          new BenchImage(megabytes).write(tar, plain, lazy);
          return true;
        });
    progress.step(
        "pushed",
        () -> {
          run.push(plain, lazy);
          return true;
        });
    progress.step(
        "what a start reads is recorded",
        () -> {
          run.record();
          return true;
        });
  }

  /** In turns; what was measured is kept as it comes. */
  private List<ImageStart> measure(ImageRun run, StepProgress progress, Path folder)
      throws Exception {
    var starts = new ArrayList<ImageStart>();
    for (int round = 1; round <= rounds; round++) {
      for (int megabits : bandwidths) {
        String title = "round %d of %d: %d Mbit/s".formatted(round, rounds, megabits);
        int number = round;
        progress.step(
            title,
            () -> {
              for (ImageStart.Way way : ImageStart.Way.values()) {
                progress.working(title + ", " + way.label());
                starts.add(run.measure(way, megabits, number));
                Files.writeString(folder.resolve("images.csv"), csv(starts));
              }
              return true;
            });
      }
    }
    return starts;
  }

  private static String csv(List<ImageStart> starts) {
    var text = new StringBuilder(ImageStart.HEADER);
    starts.forEach(start -> text.append(start.csv()));
    return text.toString();
  }

  /** Medians; a line for each link and way. */
  static Table table(List<ImageStart> starts, Terminal terminal) {
    var table =
        new Table(terminal, "LINK", "IMAGE", "FIRST ANSWER", "OF FULL", "FETCHED", "OF ALL");
    for (int megabits : starts.stream().map(ImageStart::megabits).distinct().toList()) {
      double full = median(starts, megabits, ImageStart.Way.FULL, ImageStart::answerMillis);
      for (ImageStart.Way way : ImageStart.Way.values()) {
        double answer = median(starts, megabits, way, ImageStart::answerMillis);
        double fetched = median(starts, megabits, way, ImageStart::fetchedBytes);
        double image = median(starts, megabits, way, ImageStart::imageBytes);
        table.row(
            megabits + " Mbit/s",
            way.label(),
            Times.precise(Math.round(answer * 1e6)),
            "%.2f".formatted(answer / full),
            "%.1f MB".formatted(fetched / 1e6),
            "%.1f %%".formatted(100 * fetched / image));
      }
    }
    return table;
  }

  private static double median(
      List<ImageStart> starts,
      int megabits,
      ImageStart.Way way,
      ToDoubleFunction<ImageStart> value) {
    OptionalDouble median =
        BenchFigures.median(
            starts.stream()
                .filter(start -> start.megabits() == megabits && start.way() == way)
                .mapToDouble(value)
                .toArray());
    return median.orElse(Double.NaN);
  }
}
