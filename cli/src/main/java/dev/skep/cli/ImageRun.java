package dev.skep.cli;

import dev.skep.api.SkepAnnotations;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/** Starts a function whose image is in a registry and not here, and removes both again. */
final class ImageRun {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final long LOOK_MILLIS = 200;
  private static final int WHOLE_SECONDS = 40;
  private static final int QUIET_LOOKS = 4;
  private static final int QUIET_BYTES = 4096;

  private final ApiClient api;
  private final Path images;
  private final BenchRegistry registry;
  private final BenchFunction function;
  private final String kind;
  private final Map<ImageStart.Way, String> references = new EnumMap<>(ImageStart.Way.class);
  private final Map<ImageStart.Way, Long> bytes = new EnumMap<>(ImageStart.Way.class);
  private Path recorded = Path.of("");
  private byte[] list = {};

  /**
   * @param images the daemon's folder of them
   * @param kind of sandbox in which the function runs
   */
  ImageRun(
      ApiClient api, Path images, BenchRegistry registry, BenchFunction function, String kind) {
    this.api = api;
    this.images = images;
    this.registry = registry;
    this.function = function;
    this.kind = kind;
  }

  /** Pushes the image in its two forms. */
  void push(Path plain, Path lazy) throws IOException {
    for (ImageStart.Way way : ImageStart.Way.values()) {
      Path layout = way == ImageStart.Way.FULL ? plain : lazy;
      references.put(way, registry.push(layout, way.label()));
      bytes.put(way, OciFolder.layerBytes(layout));
    }
  }

  /**
   * Has the daemon make the list of what a start reads, and keeps it. The link is so slow that the
   * start reads before all is here: there would be no list otherwise.
   */
  void record() throws IOException, InterruptedException {
    long bits = 8 * bytes.getOrDefault(ImageStart.Way.LAZY, 0L);
    registry.limit((int) Math.max(1, bits / 1_000_000 / WHOLE_SECONDS));
    Json image = pull(ImageStart.Way.LAZY);
    BenchRig rig = deploy(ImageStart.Way.LAZY);
    rig.call(function, function.served());
    recorded = access(image);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.exists(recorded)) {
      if (System.nanoTime() > deadline) {
        throw new SkepException(
            Code.TIMEOUT,
            "%s: not there after %d s (expected: what the start has read)"
                .formatted(recorded, PATIENCE.toSeconds()));
      }
      Thread.sleep(LOOK_MILLIS);
    }
    list = Files.readAllBytes(recorded);
    registry.limit(0);
    remove(ImageStart.Way.LAZY, rig);
    Files.delete(recorded);
  }

  ImageStart measure(ImageStart.Way way, int megabits, int round)
      throws IOException, InterruptedException {
    if (way == ImageStart.Way.LISTED) {
      Files.write(recorded, list);
    }
    registry.limit(megabits);
    long before = registry.received();
    long began = System.nanoTime();
    Json image = pull(way);
    long pulled = System.nanoTime();
    BenchRig rig = deploy(way);
    rig.call(function, function.served());
    long answered = System.nanoTime();
    long fetched = registry.received() - before;
    registry.limit(0);
    remove(way, rig);
    Files.deleteIfExists(access(image));
    return new ImageStart(
        megabits,
        way,
        round,
        (pulled - began) / 1e6,
        (answered - began) / 1e6,
        fetched,
        bytes.getOrDefault(way, 0L));
  }

  private Json pull(ImageStart.Way way) {
    Json request = Json.object().set("reference", references.get(way));
    return ExampleImages.fetch(api, request, () -> {});
  }

  private BenchRig deploy(ImageStart.Way way) throws IOException, InterruptedException {
    Map<String, String> images = Map.of(function.name(), references.getOrDefault(way, ""));
    var rig = new BenchRig(api, new ExampleServices(api, SourceTree.root()), images);
    rig.deploy(function, Map.of(SkepAnnotations.SANDBOX, kind, SkepAnnotations.SNAPSHOT, "never"));
    return rig;
  }

  /** Returns when nothing of the image comes any more. */
  private void remove(ImageStart.Way way, BenchRig rig) throws IOException, InterruptedException {
    rig.remove(function);
    api.delete(
        ApiClient.SKEP + "/images?reference=" + ApiClient.encode(references.getOrDefault(way, "")));
    long seen = registry.received();
    for (int quiet = 0; quiet < QUIET_LOOKS; quiet++) {
      Thread.sleep(LOOK_MILLIS);
      long now = registry.received();
      quiet = now - seen > QUIET_BYTES ? 0 : quiet;
      seen = now;
    }
  }

  private Path access(Json image) {
    return images.resolve("access").resolve(image.at("key").text());
  }
}
