package dev.skep.apiserver;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.image.Image;
import dev.skep.image.ImageConfig;
import dev.skep.image.Images;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Images that are made of nothing; one whose name begins with "missing" cannot be pulled. */
final class FakeImages implements Images {
  private final Map<String, Image> images = new ConcurrentHashMap<>();

  @Override
  public Image ensure(String reference, Progress progress) {
    return find(reference).orElseGet(() -> pull(reference, progress));
  }

  @Override
  public Image pull(String reference, Progress progress) {
    progress.at("resolve", 0, 0);
    if (reference.startsWith("missing")) {
      throw new SkepException(Code.NOT_FOUND, "image " + reference + ": no such manifest");
    }
    progress.at("fetch", 5, 10);
    return add(
        reference,
        new ImageConfig(List.of("/app"), List.of(), Map.of(), "", "", Optional.empty(), "amd64"));
  }

  private Image add(String reference, ImageConfig config) {
    var image =
        new Image(
            List.of(reference),
            "sha256:abc",
            "key",
            Path.of("/images/key.erofs"),
            42,
            config,
            Instant.EPOCH);
    images.put(reference, image);
    return image;
  }

  @Override
  public Optional<Image> find(String reference) {
    return Optional.ofNullable(images.get(reference));
  }

  @Override
  public List<Image> list() {
    return List.copyOf(images.values());
  }

  @Override
  public void remove(String reference) {
    if (images.remove(reference) == null) {
      throw new SkepException(Code.NOT_FOUND, "image " + reference + " is not on this host");
    }
  }

  @Override
  public Image load(Path layoutOrArchive, String reference, Progress progress) {
    return pull(reference, progress);
  }

  @Override
  public Image importRootfs(Path tar, String reference, ImageConfig config, Progress progress) {
    return add(reference, config);
  }
}
