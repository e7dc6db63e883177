package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.remote.SnapshotArchive;
import dev.skep.snapshot.Manifest;
import dev.skep.snapshot.Snapshot;
import dev.skep.snapshot.SnapshotStore;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The snapshots of this host. */
final class SnapshotRoutes {
  private static final String ARCHIVE = "application/zstd";

  private final SnapshotStore snapshots;
  private final SnapshotArchive archive;

  SnapshotRoutes(SnapshotStore snapshots, SnapshotArchive archive) {
    this.snapshots = snapshots;
    this.archive = archive;
  }

  /**
   * @param path behind {@code snapshots}
   */
  void handle(List<String> path, Exchange exchange) {
    if (path.isEmpty()) {
      switch (exchange.method()) {
        case "GET" -> exchange.send(list(exchange));
        case "POST" -> exchange.send(add(exchange));
        default -> throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
      }
      return;
    }
    String id = path.getFirst();
    switch (path.size() == 1 ? "" : String.join("/", path.subList(1, path.size()))) {
      case "" -> one(id, exchange);
      case "verify" -> {
        SkepRoutes.only(exchange, "POST");
        exchange.send(verify(id));
      }
      case "export" -> {
        SkepRoutes.only(exchange, "GET");
        export(id, exchange);
      }
      default -> throw ApiFailure.notFound(exchange.pathText());
    }
  }

  private void export(String id, Exchange exchange) {
    try {
      archive.write(id, () -> exchange.stream(ARCHIVE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The body is an archive, of any length. */
  private ObjectNode add(Exchange exchange) {
    if (!exchange.contentType().equals(ARCHIVE)) {
      throw exchange.unknownFormat(ARCHIVE);
    }
    try (InputStream in = exchange.input()) {
      try {
        return json(snapshots.describe(archive.read(new Unclosed(in)).id()));
      } catch (SkepException e) {
        in.transferTo(OutputStream.nullOutputStream()); // who still writes would not read why
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Who reads an archive closes it; the rest of the body is still wanted. */
  private static final class Unclosed extends FilterInputStream {
    private Unclosed(InputStream in) {
      super(in);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      return in.read(bytes, offset, length);
    }

    @Override
    public void close() {}
  }

  private void one(String id, Exchange exchange) {
    switch (exchange.method()) {
      case "GET" -> exchange.send(json(snapshots.describe(id)));
      case "DELETE" -> {
        snapshots.remove(id);
        exchange.send(ApiJson.object().put("removed", id));
      }
      default -> throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    }
  }

  private ObjectNode list(Exchange exchange) {
    ObjectNode list = ApiJson.object();
    ArrayNode items = list.putArray("items");
    snapshots.list().stream()
        .filter(snapshot -> matches(exchange, "namespace", snapshot, Manifest.Facts::namespace))
        .filter(snapshot -> matches(exchange, "service", snapshot, Manifest.Facts::service))
        .filter(snapshot -> matches(exchange, "revision", snapshot, Manifest.Facts::revision))
        .forEach(snapshot -> items.add(json(snapshot)));
    return list;
  }

  private static boolean matches(
      Exchange exchange,
      String parameter,
      Snapshot snapshot,
      Function<Manifest.Facts, String> fact) {
    return exchange
        .query(parameter)
        .filter(wanted -> !wanted.isEmpty())
        .map(wanted -> wanted.equals(fact.apply(snapshot.manifest().facts())))
        .orElse(true);
  }

  private static ObjectNode json(Snapshot snapshot) {
    Manifest manifest = snapshot.manifest();
    ObjectNode json = ApiJson.object();
    json.put("id", manifest.id()).put("key", manifest.key().value());
    json.put("state", snapshot.state().toString());
    json.setAll((ObjectNode) ApiJson.mapper().<JsonNode>valueToTree(manifest.facts()));
    json.put("memoryBytes", manifest.memoryBytes());
    json.put("allocatedBytes", manifest.allocatedBytes());
    manifest
        .workingSet()
        .ifPresent(
            set ->
                json.putObject("workingSet").put("pages", set.pages()).put("bytes", set.bytes()));
    json.put("createdAt", manifest.createdAt().toString());
    json.put("lastUsedAt", snapshot.lastUsedAt().toString());
    json.put("leases", snapshot.leases());
    json.put("whole", snapshot.whole());
    json.put("folder", snapshot.folder().toString());
    json.set("files", ApiJson.mapper().valueToTree(manifest.files()));
    return json;
  }

  private ObjectNode verify(String id) {
    ObjectNode answer = ApiJson.object().put("id", id);
    ArrayNode problems = answer.putArray("problems");
    snapshots.verify(id).forEach(problems::add);
    return answer;
  }
}
