package dev.skep.testkit;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.image.Image;
import dev.skep.image.ImageConfig;
import dev.skep.image.Images;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Images by name, without files. Those of {@link #publish} have to be pulled first; a test can let
 * pulls fail or wait.
 */
public final class FakeImages implements Images {
  /** The config that most tests want: {@link FakeProgram#SERVE} on port 8080. */
  public static final ImageConfig SERVES =
      new ImageConfig(
          FakeProgram.SERVE.with(),
          List.of(),
          Map.of("PATH", "/bin"),
          "",
          "",
          Optional.of(8080),
          "amd64");

  private final Map<String, ImageConfig> registry = new ConcurrentHashMap<>();
  private final Map<String, Image> local = new ConcurrentHashMap<>();
  private final AtomicInteger pulls = new AtomicInteger();
  private volatile Supplier<Optional<SkepException>> fault = Optional::empty;

  /** Makes an image pullable. */
  public FakeImages publish(String reference, ImageConfig config) {
    registry.put(reference, config);
    return this;
  }

  /** Asked at each pull: an exception that it returns is thrown, and it may block. */
  public FakeImages faults(Supplier<Optional<SkepException>> fault) {
    this.fault = fault;
    return this;
  }

  /** Pulls that were tried. */
  public int pulls() {
    return pulls.get();
  }

  @Override
  public Image ensure(String reference, Progress progress) {
    Image here = local.get(reference);
    return here != null ? here : pull(reference, progress);
  }

  @Override
  public Image pull(String reference, Progress progress) {
    pulls.incrementAndGet();
    progress.at("resolve", 0, 0);
    fault
        .get()
        .ifPresent(
            exception -> {
              throw exception;
            });
    ImageConfig config = registry.get(reference);
    if (config == null) {
      throw new SkepException(
          Code.NOT_FOUND,
          "image " + reference + ": the registry answered 404 (expected: a manifest)");
    }
    progress.at("fetch", 100, 100);
    return keep(reference, config);
  }

  private Image keep(String reference, ImageConfig config) {
    String digest = "sha256:%064x".formatted(reference.hashCode() & 0xffffffffL);
    var image =
        new Image(
            List.of(reference),
            digest,
            digest,
            Path.of("/fake/images", Integer.toHexString(reference.hashCode()) + ".erofs"),
            100,
            config,
            ManualClock.START);
    local.put(reference, image);
    return image;
  }

  @Override
  public Optional<Image> find(String reference) {
    return Optional.ofNullable(local.get(reference));
  }

  @Override
  public List<Image> list() {
    return List.copyOf(local.values());
  }

  @Override
  public void remove(String reference) {
    if (local.remove(reference) == null) {
      throw new SkepException(Code.NOT_FOUND, "image " + reference + " is not on this host");
    }
  }

  @Override
  public Image load(Path layoutOrArchive, String reference, Progress progress) {
    return keep(reference, SERVES);
  }

  @Override
  public Image importRootfs(Path tar, String reference, ImageConfig config, Progress progress) {
    return keep(reference, config);
  }
}
