package dev.skep.image;

import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * An image that a source has, with its layers still to be read.
 *
 * @param name that the source itself gives it, if it does
 * @param digest of its manifest, or of its config where there is no manifest; absent for a bare
 *     file system
 * @param diffIds of its layers, where they are known beforehand
 * @param document its config blob; absent for a bare file system
 */
record Found(
    Optional<String> name,
    Optional<Digest> digest,
    ImageConfig config,
    Optional<List<Digest>> diffIds,
    Optional<JsonNode> document,
    Flattener.Layers layers) {

  /** With layers that can all be read at once. */
  static Found of(
      Optional<String> name, Digest digest, ImageDocument document, List<Layer> layers) {
    if (document.diffIds().size() != layers.size()) {
      throw Invalid.image(
          "its config names %d layers, its manifest %d"
              .formatted(document.diffIds().size(), layers.size()));
    }
    return new Found(
        name,
        Optional.of(digest),
        document.config(),
        Optional.of(document.diffIds()),
        Optional.of(document.json()),
        layersOf(layers));
  }

  static Flattener.Layers layersOf(List<Layer> layers) {
    return new Flattener.Layers() {
      @Override
      public int count() {
        return layers.size();
      }

      @Override
      public long bytes() {
        return layers.stream().mapToLong(layer -> Math.max(0, layer.bytes())).sum();
      }

      @Override
      public Layer get(int index) {
        return layers.get(index);
      }
    };
  }
}
