package dev.skep.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes OCI image layouts of given layers. */
final class Layouts {
  private Layouts() {}

  /** The layout's folder; layers are plain tars, stored as gzip has them. */
  static Path layout(Path folder, byte[]... tars) throws IOException {
    List<FakeRegistry.Layer> layers = new ArrayList<>();
    for (byte[] tar : tars) {
      layers.add(FakeRegistry.Layer.gzip(tar));
    }
    return layout(folder, layers.toArray(FakeRegistry.Layer[]::new));
  }

  static Path layout(Path folder, FakeRegistry.Layer... layers) throws IOException {
    List<String> described = new ArrayList<>();
    for (FakeRegistry.Layer layer : layers) {
      described.add(blob(folder, layer.mediaType(), layer.blob()));
    }
    String config =
        blob(folder, FakeRegistry.OCI_CONFIG, FakeRegistry.config("amd64", layers).getBytes());
    String manifest =
        blob(
            folder,
            FakeRegistry.OCI_MANIFEST,
            "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}"
                .formatted(FakeRegistry.OCI_MANIFEST, config, String.join(",", described))
                .getBytes());
    String named =
        manifest.replaceFirst(
            "}$", ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"test\"}}");
    Files.writeString(
        folder.resolve("index.json"), "{\"schemaVersion\":2,\"manifests\":[" + named + "]}");
    Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    return folder;
  }

  private static String blob(Path folder, String mediaType, byte[] bytes) throws IOException {
    Path blobs = Files.createDirectories(folder.resolve("blobs/sha256"));
    String digest = FakeRegistry.digest(bytes);
    Files.write(blobs.resolve(digest.substring("sha256:".length())), bytes);
    return FakeRegistry.descriptor(mediaType, digest, bytes.length);
  }
}
