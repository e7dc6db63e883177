package dev.skep.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Writes an OCI layout folder of one image in the ordinary form: gzip layers. */
final class OciFolder {
  private static final String TYPE = "application/vnd.oci.image.";

  private final Path folder;
  private final List<Json> layers = new ArrayList<>();
  private final List<String> diffIds = new ArrayList<>();

  /** Writes a tar. */
  interface Content {
    void to(OutputStream tar) throws IOException;
  }

  /**
   * @param folder empty
   */
  OciFolder(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(folder.resolve("blobs/sha256"));
  }

  /** The next layer, above those before it. */
  OciFolder layer(Content content) throws IOException {
    MessageDigest plain = sha256();
    MessageDigest compressed = sha256();
    Path draft = folder.resolve("layer");
    try (var file = new DigestOutputStream(Files.newOutputStream(draft), compressed);
        var gzip = new GZIPOutputStream(file, 1 << 16);
        var tar = new DigestOutputStream(gzip, plain)) {
      content.to(tar);
    }
    long bytes = Files.size(draft);
    String digest = name(compressed.digest());
    Files.move(draft, blob(digest));
    layers.add(descriptor("layer.v1.tar+gzip", digest, bytes));
    diffIds.add(name(plain.digest()));
    return this;
  }

  /** Names the layers, and what the image runs. */
  void finish(List<String> command) throws IOException {
    Json config =
        Json.object()
            .set("architecture", "amd64")
            .set("os", "linux")
            .set("config", Json.object().set("Cmd", command))
            .set("rootfs", Json.object().set("type", "layers").set("diff_ids", diffIds));
    Json manifest =
        Json.object()
            .set("schemaVersion", 2)
            .set("mediaType", TYPE + "manifest.v1+json")
            .set("config", document("config.v1+json", config))
            .set("layers", layers);
    Json index =
        Json.object()
            .set("schemaVersion", 2)
            .set("manifests", List.of(document("manifest.v1+json", manifest)));
    Files.write(folder.resolve("index.json"), JsonText.compact(index));
    Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
  }

  /** The hexadecimal part of the digest of a folder's first manifest. */
  static String manifest(Path layout) throws IOException {
    Json index = JsonText.read(Files.readAllBytes(layout.resolve("index.json")));
    String digest = index.at("manifests").items().getFirst().at("digest").text();
    return digest.substring("sha256:".length());
  }

  /** Of all layers of a folder's first image, as they are there. */
  static long layerBytes(Path layout) throws IOException {
    Path blob = layout.resolve("blobs/sha256").resolve(manifest(layout));
    return JsonText.read(Files.readAllBytes(blob)).at("layers").items().stream()
        .mapToLong(layer -> layer.at("size").number())
        .sum();
  }

  private Json document(String type, Json document) throws IOException {
    byte[] bytes = JsonText.compact(document);
    String digest = name(sha256().digest(bytes));
    Files.write(blob(digest), bytes);
    return descriptor(type, digest, bytes.length);
  }

  private static Json descriptor(String type, String digest, long bytes) {
    return Json.object().set("mediaType", TYPE + type).set("digest", digest).set("size", bytes);
  }

  private Path blob(String digest) {
    return folder.resolve("blobs/sha256").resolve(digest.substring(digest.indexOf(':') + 1));
  }

  private static String name(byte[] sum) {
    return "sha256:" + HexFormat.of().formatHex(sum);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
