package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceStore;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
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
    Selector selector = Selector.of(exchange);
    ResourceStore.Listing listing = store.list(served.kind(), namespace);
    Optional<Position> after =
        exchange.query("continue").filter(token -> !token.isEmpty()).map(Position::read);
    List<ApiObject> matching =
        listing.items().stream()
            .filter(object -> after.isEmpty() || Position.of(object).compareTo(after.get()) > 0)
            .filter(selector::matches)
            .toList();
    long limit = exchange.number("limit").orElse(0);
    int page = limit == 0 ? matching.size() : (int) Math.min(limit, matching.size());
    exchange.send(page(served, listing.version(), matching, page));
  }

  private static ObjectNode page(
      ServedKind served, long version, List<ApiObject> matching, int size) {
    ObjectNode list = ApiJson.object();
    list.put("apiVersion", served.kind().apiVersion()).put("kind", served.kind().kind() + "List");
    ObjectNode metadata = list.putObject("metadata");
    metadata.put("resourceVersion", Long.toString(version));
    if (size < matching.size()) {
      metadata.put("continue", Position.of(matching.get(size - 1)).token());
      metadata.put("remainingItemCount", matching.size() - size);
    }
    ArrayNode items = list.putArray("items");
    matching.subList(0, size).forEach(object -> items.add(object.json()));
    return list;
  }
}
