package dev.skep.image;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Reads an OCI image layout: {@code index.json} and {@code blobs/}. */
final class OciLayout {
  private static final String INDEX = "index.json";
  private static final String NAME = "org.opencontainers.image.ref.name";

  /** An index may hold an index, as builders with attestations make them; no deeper. */
  private static final int MAX_DEPTH = 3;

  private final ContentFiles files;
  private final Platform platform;

  OciLayout(ContentFiles files, Platform platform) {
    this.files = files;
    this.platform = platform;
  }

  static boolean isIn(ContentFiles files) throws IOException {
    return files.size(INDEX).isPresent();
  }

  /** The image of that name or tag; of any name when there is only one. */
  Found find(Optional<ImageReference> wanted) throws IOException {
    JsonNode index = Json.object(files.document(INDEX), files.name() + "/" + INDEX);
    List<JsonNode> all = new ArrayList<>();
    index.path("manifests").forEach(all::add);
    JsonNode chosen = choose(all, wanted);
    Optional<String> name = Optional.of(nameOf(chosen)).filter(n -> !n.isEmpty());
    return find(name, Descriptor.of(chosen), 1);
  }

  private JsonNode choose(List<JsonNode> all, Optional<ImageReference> wanted) {
    List<JsonNode> named =
        all.stream().filter(m -> wanted.isPresent() && isNamed(nameOf(m), wanted.get())).toList();
    if (named.size() == 1) {
      return named.getFirst();
    }
    if (all.size() == 1) {
      return all.getFirst();
    }
    throw Invalid.image(
        "%s: holds %d images (%s), none or several named %s"
            .formatted(
                files.name(),
                all.size(),
                String.join(", ", all.stream().map(OciLayout::nameOf).toList()),
                wanted.map(ImageReference::toString).orElse("as nothing: give a name")));
  }

  private static boolean isNamed(String name, ImageReference wanted) {
    return name.equals(wanted.toString()) || wanted.tag().filter(name::equals).isPresent();
  }

  private static String nameOf(JsonNode manifest) {
    return Json.text(manifest.path("annotations"), NAME);
  }

  private Found find(Optional<String> name, Descriptor descriptor, int depth) throws IOException {
    byte[] document = verified(descriptor);
    JsonNode json = Json.object(document, "manifest " + descriptor.digest());
    if (ManifestIndex.isIndex(json)) {
      if (depth == MAX_DEPTH) {
        throw Invalid.image("an index of indexes, " + MAX_DEPTH + " deep");
      }
      return find(name, ManifestIndex.choose(json, platform), depth + 1);
    }
    Manifest manifest = Manifest.parse(json);
    ImageDocument config = ImageDocument.parse(verified(manifest.config()), platform);
    return Found.of(name, descriptor.digest(), config, layers(manifest, config));
  }

  private List<Layer> layers(Manifest manifest, ImageDocument config) throws IOException {
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < manifest.layers().size(); i++) {
      Digest digest = manifest.layers().get(i).digest();
      String path = path(digest);
      Optional<Digest> diffId =
          i < config.diffIds().size() ? Optional.of(config.diffIds().get(i)) : Optional.empty();
      long bytes = files.size(path).orElseThrow(() -> files.missing(path));
      layers.add(
          new Layer("layer " + digest, Optional.of(digest), diffId, bytes, () -> files.open(path)));
    }
    return layers;
  }

  private byte[] verified(Descriptor descriptor) throws IOException {
    byte[] document = files.document(path(descriptor.digest()));
    Digest found = Digest.of(document);
    if (!found.equals(descriptor.digest())) {
      throw Invalid.image(
          "%s: blob %s sums to %s".formatted(files.name(), descriptor.digest(), found));
    }
    return document;
  }

  private static String path(Digest digest) {
    return "blobs/sha256/" + digest.hex();
  }
}
