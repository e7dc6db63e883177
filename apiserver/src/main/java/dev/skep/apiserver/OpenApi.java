package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code /openapi/v3}: an index, and one document for each group version. Made once: kinds do not
 * change while the server runs.
 */
final class OpenApi {
  /**
   * @param hash of the bytes: clients keep a document as long as its hash stays
   */
  @SuppressWarnings("ArrayRecordComponent") // never changed, never compared
  record Document(byte[] json, String hash) {}

  private final Map<String, Document> documents = new LinkedHashMap<>();
  private final ObjectNode index = ApiJson.object();

  OpenApi(Kinds kinds, String version) {
    add("v1", kinds, version);
    kinds.groupVersions().forEach(groupVersion -> add(groupVersion, kinds, version));
    ObjectNode paths = index.putObject("paths");
    documents.forEach(
        (path, document) ->
            paths
                .putObject(path)
                .put("serverRelativeURL", "/openapi/v3/%s?hash=%s".formatted(path, document.hash)));
  }

  private void add(String groupVersion, Kinds kinds, String version) {
    List<ServedKind> served = kinds.of(groupVersion);
    byte[] json = ApiJson.bytes(OpenApiDocument.of(served, version));
    documents.put(root(groupVersion), new Document(json, hash(json)));
  }

  /** {@code api/v1} or {@code apis/GROUP/VERSION}. */
  static String root(String groupVersion) {
    return (groupVersion.contains("/") ? "apis/" : "api/") + groupVersion;
  }

  private static String hash(byte[] json) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(json);
      return HexFormat.of().formatHex(digest).toUpperCase(Locale.ROOT);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /**
   * @param path behind {@code /openapi}
   */
  void handle(List<String> path, Exchange exchange) {
    if (path.isEmpty() || !path.getFirst().equals("v3")) {
      throw ApiFailure.notFound(exchange.pathText());
    }
    if (path.size() == 1) {
      exchange.send(index);
      return;
    }
    Document document =
        Optional.ofNullable(documents.get(String.join("/", path.subList(1, path.size()))))
            .orElseThrow(() -> ApiFailure.notFound(exchange.pathText()));
    String tag = "\"" + document.hash + "\"";
    exchange.answerHeader("ETag", tag);
    boolean current = exchange.query("hash").filter(document.hash::equals).isPresent();
    exchange.answerHeader("Cache-Control", current ? "public, immutable" : "no-cache, private");
    if (exchange.header("If-None-Match").filter(tag::equals).isPresent()) {
      exchange.send(304);
    } else {
      exchange.send(200, Exchange.JSON, document.json);
    }
  }
}
