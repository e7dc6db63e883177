package dev.skep.image;

import dev.skep.api.SkepException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** A list of manifests, one per platform. */
final class ManifestIndex {
  static final String OCI = "application/vnd.oci.image.index.v1+json";
  static final String DOCKER = "application/vnd.docker.distribution.manifest.list.v2+json";

  private ManifestIndex() {}

  static boolean isIndex(JsonNode json) {
    String mediaType = Json.text(json, "mediaType");
    return mediaType.equals(OCI)
        || mediaType.equals(DOCKER)
        || (mediaType.isEmpty() && json.path("manifests").isArray());
  }

  /** The manifest for a platform; the plainest variant of the architecture when there are more. */
  static Descriptor choose(JsonNode json, Platform wanted) {
    List<String> found = new ArrayList<>();
    Optional<JsonNode> best = Optional.empty();
    for (JsonNode entry : json.path("manifests")) {
      JsonNode platform = entry.path("platform");
      if (isFor(platform, wanted)) {
        boolean plainer =
            best.isEmpty() || variant(platform).compareTo(variant(best.get().path("platform"))) < 0;
        best = plainer ? Optional.of(entry) : best;
      } else if (!Json.text(platform, "os").equals("unknown")) {
        found.add(describe(platform));
      }
    }
    return best.map(Descriptor::of).orElseThrow(() -> missing(wanted, found));
  }

  private static boolean isFor(JsonNode platform, Platform wanted) {
    return Json.text(platform, "os").equals(wanted.os())
        && Json.text(platform, "architecture").equals(wanted.architecture());
  }

  private static String variant(JsonNode platform) {
    return Json.text(platform, "variant");
  }

  private static String describe(JsonNode platform) {
    String variant = variant(platform);
    return Json.text(platform, "os")
        + "/"
        + Json.text(platform, "architecture")
        + (variant.isEmpty() ? "" : "/" + variant);
  }

  private static SkepException missing(Platform wanted, List<String> found) {
    return new SkepException(
        SkepException.Code.UNSUPPORTED,
        "it is made for %s; this host needs %s"
            .formatted(found.isEmpty() ? "no platform" : String.join(", ", found), wanted));
  }
}
