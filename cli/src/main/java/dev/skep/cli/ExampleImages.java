package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/** Builds the examples' root file systems and brings them into the daemon's image store. */
final class ExampleImages {
  private final Path repository;
  private final StepProgress progress;

  ExampleImages(Path repository, StepProgress progress) {
    this.repository = repository;
    this.progress = progress;
  }

  /** The tar of each example's root file system, built now if it is not in the cache. */
  Map<String, Path> build(List<Example> examples) throws IOException, InterruptedException {
    var command =
        new java.util.ArrayList<>(List.of(repository.resolve("examples/build").toString()));
    examples.forEach(example -> command.add(example.name()));
    Process build =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    var tars = new HashMap<String, Path>();
    try (BufferedReader lines = build.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.split(" ", 2);
        tars.put(words[0], Path.of(words[1]));
        progress.working("built " + words[0]);
      }
    }
    int status = build.waitFor();
    if (status != 0) {
      throw new SkepException(
          status == 3 ? Code.UNSUPPORTED : Code.INTERNAL,
          "examples/build ended with exit code " + status + " (its messages are above)");
    }
    return tars;
  }

  /** Imports what is not there yet; gives the reference of each function's image. */
  Map<String, String> provide(ApiClient api, List<Example> examples, Map<String, Path> tars) {
    Set<String> present = references(api);
    var references = new HashMap<String, String>();
    for (Example example : examples) {
      Path tar = java.util.Objects.requireNonNull(tars.get(example.name()));
      String reference = example.image(version(tar));
      if (!present.contains(reference)) {
        load(api, example, reference, tar);
      }
      references.put(example.name(), reference);
    }
    return references;
  }

  private static Set<String> references(ApiClient api) {
    var references = new HashSet<String>();
    for (Json image : api.get(ApiClient.SKEP + "/images").at("items").items()) {
      image.at("references").items().forEach(reference -> references.add(reference.text()));
    }
    return references;
  }

  /** The cache names tars {@code NAME-KEY.tar}, with a key of all that they are made of. */
  private static String version(Path tar) {
    String file = tar.getFileName().toString();
    return file.substring(file.lastIndexOf('-') + 1, file.lastIndexOf('.'));
  }

  private void load(ApiClient api, Example example, String reference, Path tar) {
    Json config =
        Json.object()
            .set("entrypoint", List.of())
            .set("cmd", example.command())
            .set("env", Map.of())
            .set("user", "")
            .set("workingDir", "")
            .set("port", 8080)
            .set("architecture", "amd64");
    Json request =
        Json.object().set("reference", reference).set("path", tar.toString()).set("config", config);
    fetch(api, request, () -> progress.working("importing " + reference));
  }

  /**
   * Has the daemon import or pull an image; gives it.
   *
   * @param request its {@code reference}, and {@code path} and {@code config} for an import
   * @param working called now and then
   */
  static Json fetch(ApiClient api, Json request, Runnable working) {
    var last = new AtomicReference<>(new Json(null));
    api.stream(
        ApiClient.SKEP + "/images",
        request,
        line -> {
          last.set(line);
          working.run();
          return true;
        });
    Json image = last.get().at("image");
    if (image.isMissing()) {
      throw new SkepException(
          Code.INTERNAL,
          request.at("reference").text()
              + " is not here: "
              + last.get().at("error", "message").text());
    }
    return image;
  }
}
