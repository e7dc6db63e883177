package dev.skep.image;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Reads what {@code docker save} writes: {@code manifest.json}, configs and layers. */
final class DockerArchive {
  private static final String MANIFEST = "manifest.json";

  private final ContentFiles files;
  private final Platform platform;

  DockerArchive(ContentFiles files, Platform platform) {
    this.files = files;
    this.platform = platform;
  }

  static boolean isIn(ContentFiles files) throws IOException {
    return files.size(MANIFEST).isPresent();
  }

  /** The image of that name; of any name when there is only one. */
  Found find(Optional<ImageReference> wanted) throws IOException {
    JsonNode chosen = choose(wanted);
    byte[] document = files.document(Json.text(chosen, "Config"));
    ImageDocument config = ImageDocument.parse(document, platform);
    List<String> paths = Json.strings(chosen.path("Layers"), MANIFEST + ": Layers");
    Optional<String> name = tags(chosen).stream().findFirst();
    return Found.of(name, Digest.of(document), config, layers(paths, config));
  }

  private List<Layer> layers(List<String> paths, ImageDocument config) throws IOException {
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < paths.size(); i++) {
      String path = paths.get(i);
      Optional<Digest> diffId =
          i < config.diffIds().size() ? Optional.of(config.diffIds().get(i)) : Optional.empty();
      long bytes = files.size(path).orElseThrow(() -> files.missing(path));
      layers.add(
          new Layer(
              "layer " + Printable.of(path),
              Optional.empty(),
              diffId,
              bytes,
              () -> files.open(path)));
    }
    return layers;
  }

  private JsonNode choose(Optional<ImageReference> wanted) throws IOException {
    JsonNode all = Json.parse(files.document(MANIFEST), files.name() + ": " + MANIFEST);
    List<String> found = new ArrayList<>();
    for (JsonNode image : all) {
      if (wanted.isPresent() && isTagged(image, wanted.get())) {
        return image;
      }
      found.addAll(tags(image));
    }
    if (all.size() == 1) {
      return all.path(0);
    }
    throw Invalid.image(
        "%s: holds %d images (%s), none of them %s"
            .formatted(
                files.name(),
                all.size(),
                String.join(", ", found),
                wanted.map(w -> "named " + w).orElse("chosen: give a name")));
  }

  private static boolean isTagged(JsonNode image, ImageReference wanted) {
    return tags(image).stream().anyMatch(tag -> ImageReference.parse(tag).equals(wanted));
  }

  private static List<String> tags(JsonNode image) {
    return Json.strings(image.path("RepoTags"), MANIFEST + ": RepoTags");
  }
}
