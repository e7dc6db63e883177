package dev.skep.image;

import dev.skep.api.SkepException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** An image manifest, OCI or Docker version 2: its config and its layers, lowest first. */
record Manifest(Descriptor config, List<Descriptor> layers) {
  static final String OCI = "application/vnd.oci.image.manifest.v1+json";
  static final String DOCKER = "application/vnd.docker.distribution.manifest.v2+json";

  /** More than any builder makes; a bound for hostile manifests. */
  private static final int MAX_LAYERS = 1000;

  private static final Set<String> CONFIGS =
      Set.of(
          "application/vnd.oci.image.config.v1+json",
          "application/vnd.docker.container.image.v1+json");
  private static final Set<String> LAYERS =
      Set.of(
          "application/vnd.oci.image.layer.v1.tar",
          "application/vnd.oci.image.layer.v1.tar+gzip",
          "application/vnd.oci.image.layer.v1.tar+zstd",
          "application/vnd.oci.image.layer.nondistributable.v1.tar",
          "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
          "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
          "application/vnd.docker.image.rootfs.diff.tar",
          "application/vnd.docker.image.rootfs.diff.tar.gzip",
          "application/vnd.docker.image.rootfs.diff.tar.zstd",
          "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");

  static Manifest parse(JsonNode json) {
    String mediaType = Json.text(json, "mediaType");
    if (json.path("schemaVersion").asInt(2) != 2) {
      throw unsupported(
          "its manifest is of schema version %s, which registries gave up; push it again with a"
                  .formatted(json.path("schemaVersion"))
              + " current tool");
    }
    if (!mediaType.isEmpty() && !mediaType.equals(OCI) && !mediaType.equals(DOCKER)) {
      throw unsupported(
          "its manifest is %s, expected %s or %s".formatted(Printable.of(mediaType), OCI, DOCKER));
    }
    Descriptor config = Descriptor.of(json.path("config"));
    if (!CONFIGS.contains(config.mediaType())) {
      throw unsupported(
          "its config is %s: an artifact, not a container image"
              .formatted(Printable.of(config.mediaType())));
    }
    return new Manifest(config, layers(json));
  }

  private static List<Descriptor> layers(JsonNode json) {
    List<Descriptor> layers = new ArrayList<>();
    for (JsonNode layer : json.path("layers")) {
      Descriptor descriptor = Descriptor.of(layer);
      if (!LAYERS.contains(descriptor.mediaType())) {
        throw unsupported(
            "layer %s is %s, expected a tar, plain or compressed by gzip or zstd"
                .formatted(descriptor.digest(), Printable.of(descriptor.mediaType())));
      }
      layers.add(descriptor);
    }
    if (layers.size() > MAX_LAYERS) {
      throw unsupported("it has %d layers, at most %d fit".formatted(layers.size(), MAX_LAYERS));
    }
    return layers;
  }

  private static SkepException unsupported(String message) {
    return new SkepException(SkepException.Code.UNSUPPORTED, message);
  }
}
