package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes an image as an OCI layout whose layers are eStargz: any tool reads them as before, and
 * they can be read in parts.
 */
public final class ImageConverter {
  private final Path target;
  private final List<String> order;

  /**
   * @param target folder, which must be empty or absent
   * @param order paths that a start reads, first ones first; they come before all others
   */
  private ImageConverter(Path target, List<String> order) {
    this.target = target;
    this.order = order;
  }

  /**
   * Converts.
   *
   * @param source an OCI layout folder, or an archive of one or of {@code docker save}
   * @param name of the image in the source; empty where it has only one
   * @param list that was recorded of a run of the image ({@code access/} of an image store); the
   *     layers are put in its order
   */
  public static void convert(Path source, Path target, String name, Optional<Path> list) {
    try {
      List<String> order = list.isPresent() ? AccessList.paths(list.get()) : List.of();
      needEmpty(Files.createDirectories(target));
      Path work = Files.createDirectory(target.resolve("work"));
      try (ContentFiles files = ContentFiles.open(source, work)) {
        Optional<ImageReference> wanted =
            name.isEmpty() ? Optional.empty() : Optional.of(ImageReference.parse(name));
        Found found = ContentFiles.find(files, wanted, Platform.host());
        new ImageConverter(target, order).convert(found, work);
      } finally {
        ImageFolder.deleteTree(work);
      }
    } catch (IOException e) {
      throw FileFailure.of(target, e);
    }
  }

  private static void needEmpty(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      if (files.findAny().isPresent()) {
        throw new SkepException(Code.ALREADY_EXISTS, folder + ": is not empty");
      }
    }
  }

  private void convert(Found found, Path work) throws IOException {
    Files.createDirectories(target.resolve("blobs/sha256"));
    ObjectNode config = (ObjectNode) found.document().orElseThrow().deepCopy();
    ObjectNode manifest = Json.MAPPER.createObjectNode();
    manifest.put("schemaVersion", 2).put("mediaType", Manifest.OCI);
    ArrayNode layers = Json.MAPPER.createArrayNode();
    ArrayNode diffIds = Json.MAPPER.createArrayNode();
    for (int i = 0; i < found.layers().count(); i++) {
      EstargzWriter.Written written = layer(found.layers().get(i), work);
      layers
          .addObject()
          .put("mediaType", "application/vnd.oci.image.layer.v1.tar+gzip")
          .put("digest", written.blob().toString())
          .put("size", written.bytes())
          .putObject("annotations")
          .put(TocPlace.ESTARGZ_DIGEST, written.toc().toString())
          .put("io.containers.estargz.uncompressed-size", Long.toString(written.tarBytes()));
      diffIds.add(written.diffId().toString());
    }
    config.putObject("rootfs").put("type", "layers").set("diff_ids", diffIds);
    manifest.set("config", blob("application/vnd.oci.image.config.v1+json", config));
    manifest.set("layers", layers);
    ObjectNode described = blob(Manifest.OCI, manifest);
    found
        .name()
        .ifPresent(
            name ->
                described.putObject("annotations").put("org.opencontainers.image.ref.name", name));
    ObjectNode index = Json.MAPPER.createObjectNode().put("schemaVersion", 2);
    index.putArray("manifests").add(described);
    Files.write(target.resolve("index.json"), Json.MAPPER.writeValueAsBytes(index));
    Files.writeString(target.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
  }

  private EstargzWriter.Written layer(Layer layer, Path work) throws IOException {
    Path converted = work.resolve("layer");
    EstargzWriter.Written written;
    try (InputStream opened = layer.source().open();
        LayerSpill spill = LayerSpill.in(work);
        OutputStream out = Files.newOutputStream(converted);
        EstargzWriter to = new EstargzWriter(out)) {
      BufferedInputStream raw = new BufferedInputStream(opened, 1 << 16);
      spill.take(new TarReader(Compression.of(raw).decompress(raw)));
      spill.give(order, to);
      written = to.finish();
    } catch (SkepException e) {
      throw new SkepException(e.code(), layer.name() + ": " + e.getMessage(), e);
    }
    Files.move(converted, file(written.blob()), StandardCopyOption.REPLACE_EXISTING);
    return written;
  }

  private ObjectNode blob(String mediaType, ObjectNode document) throws IOException {
    byte[] bytes = Json.MAPPER.writeValueAsString(document).getBytes(StandardCharsets.UTF_8);
    Digest digest = Digest.of(bytes);
    Files.write(file(digest), bytes);
    return Json.MAPPER
        .createObjectNode()
        .put("mediaType", mediaType)
        .put("digest", digest.toString())
        .put("size", bytes.length);
  }

  private Path file(Digest digest) {
    return target.resolve("blobs/sha256").resolve(digest.hex());
  }
}
