package dev.skep.cli;

import dev.skep.api.SkepAnnotations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The short form of {@code skep bench images}: a function that answers before its image is here.
 */
final class DemoLazy {
  private static final int MEGABITS = 16;

  private final ApiClient api;
  private final KindRun kinds;
  private final BenchFunction function = DemoStarts.function();

  DemoLazy(ApiClient api, KindRun kinds) {
    this.api = api;
    this.kinds = kinds;
  }

  /**
   * One line.
   *
   * @param tar the function's root file system
   */
  String show(Path tar, StepProgress progress) throws Exception {
    Path work = Files.createTempDirectory("skep-demo");
    try {
      Path lazy = progress.step("an image converted to eStargz", () -> convert(tar, work));
      try (var registry = LayoutRegistry.start(lazy, 0, MEGABITS * 125_000L)) {
        return progress.step(
            "started from a registry", () -> start(registry, OciFolder.layerBytes(lazy)));
      }
    } finally {
      Folders.delete(work);
    }
  }

  private Path convert(Path tar, Path work) throws IOException, InterruptedException {
    Path plain = Files.createDirectory(work.resolve("plain"));
    Path lazy = Files.createDirectory(work.resolve("lazy"));
    new OciFolder(plain).layer(out -> Files.copy(tar, out)).finish(function.example().command());
    BenchImage.convert(plain, lazy);
    return lazy;
  }

  private String start(LayoutRegistry registry, long imageBytes) throws Exception {
    String kind = kinds.trouble("container").isEmpty() ? "container" : "microvm";
    String reference = "127.0.0.1:%d/%s:lazy".formatted(registry.port(), function.name());
    long began = System.nanoTime();
    ExampleImages.fetch(api, Json.object().set("reference", reference), () -> {});
    var rig =
        new BenchRig(
            api, new ExampleServices(api, SourceTree.root()), Map.of(function.name(), reference));
    rig.deploy(function, Map.of(SkepAnnotations.SANDBOX, kind, SkepAnnotations.SNAPSHOT, "never"));
    rig.call(function, function.served());
    long nanos = System.nanoTime() - began;
    long fetched = registry.sentBytes();
    rig.remove(function);
    api.delete(ApiClient.SKEP + "/images?reference=" + ApiClient.encode(reference));
    return said(kind, nanos, fetched, imageBytes);
  }

  private static String said(String kind, long nanos, long fetched, long image) {
    return """

        The same as eStargz ('skep image convert'), in a %s, from a registry behind %d Mbit/s ('skep bench images'):
        first answer after %s, with %.1f of %.1f MB fetched (to fetch all takes %s)
        """
        .formatted(
            kind,
            MEGABITS,
            Times.precise(nanos),
            fetched / 1e6,
            image / 1e6,
            Times.precise(image * 8_000 / MEGABITS));
  }
}
