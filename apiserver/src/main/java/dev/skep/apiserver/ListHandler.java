package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceStore;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Lists, in pages where the client wants that. */
final class ListHandler {
  /** Where a list goes on: after the object of that key, whether it still exists or not. */
  private record Position(String namespace, String name) implements Comparable<Position> {
    private static final Comparator<Position> ORDER =
        Comparator.comparing(Position::namespace).thenComparing(Position::name);

    static Position of(ApiObject object) {
      return new Position(object.namespace(), object.name());
    }

    static Position read(String token) {
      try {
        String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
        int slash = text.indexOf('/');
        if (slash >= 0) {
          return new Position(text.substring(0, slash), text.substring(slash + 1));
        }
      } catch (IllegalArgumentException e) {
        // not of ours either
      }
      throw ApiFailure.badRequest("continue key is not valid: \"%s\"".formatted(token));
    }

    String token() {
      byte[] text = (namespace + "/" + name).getBytes(StandardCharsets.UTF_8);
      return Base64.getUrlEncoder().withoutPadding().encodeToString(text);
    }

    @Override
    public int compareTo(Position other) {
      return ORDER.compare(this, other);
    }
  }

  private final ResourceStore store;

  ListHandler(ResourceStore store) {
    this.store = store;
  }

  void list(ServedKind served, Optional<String> namespace, Exchange exchange) {
    ResourceStore.Listing listing = store.list(served.kind(), namespace);
    if (wantsAll(exchange)) {
      exchange.send(200, Exchange.JSON, all(served, listing));
      return;
    }
    Selector selector = Selector.of(exchange);
    Optional<Position> after =
        exchange.query("continue").filter(token -> !token.isEmpty()).map(Position::read);
    List<ApiObject> matching =
        listing.items().stream()
            .filter(object -> after.isEmpty() || Position.of(object).compareTo(after.get()) > 0)
            .filter(selector::matches)
            .toList();
    long limit = exchange.number("limit").orElse(0);
    int page = limit == 0 ? matching.size() : (int) Math.min(limit, matching.size());
    ObjectNode metadata = metadata(listing.version(), matching, page);
    List<ApiObject> shown = matching.subList(0, page);
    exchange.send(
        Tables.wanted(exchange)
            ? Tables.of(served, shown, metadata)
            : objects(served, shown, metadata));
  }

  private static boolean wantsAll(Exchange exchange) {
    return !Tables.wanted(exchange)
        && Stream.of("labelSelector", "fieldSelector", "limit", "continue")
            .allMatch(name -> exchange.query(name).orElse("").isEmpty());
  }

  /** Objects as the store keeps them: to read a thousand and write them again takes 50 ms. */
  private static byte[] all(ServedKind served, ResourceStore.Listing listing) {
    ObjectNode metadata = metadata(listing.version(), List.of(), 0);
    byte[] empty = ApiJson.bytes(objects(served, List.of(), metadata)); // ends in []}
    var list = new ByteArrayOutputStream();
    list.write(empty, 0, empty.length - 2);
    for (int i = 0; i < listing.json().size(); i++) {
      if (i > 0) {
        list.write(',');
      }
      list.writeBytes(listing.json().get(i));
    }
    list.write(empty, empty.length - 2, 2);
    return list.toByteArray();
  }

  private static ObjectNode metadata(long version, List<ApiObject> matching, int size) {
    ObjectNode metadata = ApiJson.object();
    metadata.put("resourceVersion", Long.toString(version));
    if (size < matching.size()) {
      metadata.put("continue", Position.of(matching.get(size - 1)).token());
      metadata.put("remainingItemCount", matching.size() - size);
    }
    return metadata;
  }

  private static ObjectNode objects(
      ServedKind served, List<ApiObject> objects, ObjectNode metadata) {
    ObjectNode list = ApiJson.object();
    list.put("apiVersion", served.kind().apiVersion()).put("kind", served.kind().kind() + "List");
    list.set("metadata", metadata);
    ArrayNode items = list.putArray("items");
    objects.forEach(object -> items.add(object.json()));
    return list;
  }
}
