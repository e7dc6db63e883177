package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceStore;
import dev.skep.store.ResourceStore.Listing;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** Lists, in pages where the client wants that: all pages show the objects of one version. */
final class ListHandler {
  private final ResourceStore store;
  private final ListSnapshots snapshots = new ListSnapshots(System::nanoTime);

  ListHandler(ResourceStore store) {
    this.store = store;
  }

  void list(ServedKind served, Optional<String> namespace, Exchange exchange) {
    View view = View.of(exchange);
    Optional<Continuation> at =
        exchange.query("continue").filter(token -> !token.isEmpty()).map(Continuation::read);
    Listing listing =
        at.isPresent()
            ? kept(new ListSnapshots.Key(served.kind(), namespace, at.get().version()))
            : fresh(served, namespace, exchange);
    if (view instanceof View.Plain && served.live().isEmpty() && wantsAll(exchange)) {
      exchange.send(200, Exchange.JSON, all(served, listing));
      return;
    }
    Selector selector = Selector.of(served, exchange);
    List<ApiObject> matching =
        listing.items().stream()
            .filter(object -> at.isEmpty() || at.get().isBefore(object))
            .filter(selector::matches)
            .toList();
    long limit = exchange.number("limit").orElse(0);
    int page = limit == 0 ? matching.size() : (int) Math.min(limit, matching.size());
    ObjectNode metadata = metadata(listing.version());
    if (page < matching.size()) {
      snapshots.keep(new ListSnapshots.Key(served.kind(), namespace, listing.version()), listing);
      var next = Continuation.after(matching.get(page - 1), listing.version());
      metadata.put("continue", next.token()).put("remainingItemCount", matching.size() - page);
    }
    exchange.send(view.list(served, matching.subList(0, page), metadata));
  }

  private Listing kept(ListSnapshots.Key list) {
    return snapshots
        .find(list)
        .orElseThrow(
            () ->
                new ApiFailure(
                    410,
                    "Expired",
                    "The provided continue parameter is too old to display a consistent list"
                        + " result. You must start a new list without the continue parameter."));
  }

  /** What there is now, if that is what the client wants of {@code resourceVersion}. */
  private Listing fresh(ServedKind served, Optional<String> namespace, Exchange exchange) {
    Listing listing = store.list(served.kind(), namespace);
    String match = exchange.query("resourceVersionMatch").orElse("");
    boolean given = !exchange.query("resourceVersion").orElse("").isEmpty();
    if (!match.isEmpty() && !given) {
      throw invalid(
          "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless"
              + " resourceVersion is provided");
    }
    long wanted = exchange.number("resourceVersion").orElse(0);
    if (wanted > listing.version()) {
      throw new ApiFailure(
              504,
              "Timeout",
              "Too large resource version: %d, current: %d".formatted(wanted, listing.version()))
          .because("ResourceVersionTooLarge", "Too large resource version", "");
    }
    return switch (match) {
      case "", "NotOlderThan" -> listing;
      case "Exact" -> exactly(new ListSnapshots.Key(served.kind(), namespace, wanted), listing);
      default ->
          throw invalid(
              "resourceVersionMatch: Unsupported value: \"%s\": supported values: \"Exact\", \"NotOlderThan\""
                  .formatted(match));
    };
  }

  private Listing exactly(ListSnapshots.Key list, Listing newest) {
    if (list.version() == 0) {
      throw invalid(
          "resourceVersionMatch: Forbidden: resourceVersionMatch \"Exact\" is forbidden for"
              + " resourceVersion \"0\"");
    }
    return list.version() == newest.version()
        ? newest
        : snapshots
            .find(list)
            .orElseThrow(
                () ->
                    new ApiFailure(
                        410,
                        "Expired",
                        "The resourceVersion for the provided list is too old: %d"
                            .formatted(list.version())));
  }

  private static ApiFailure invalid(String why) {
    return ApiFailure.invalid("ListOptions.meta.k8s.io", "", why)
        .about("meta.k8s.io", "ListOptions", "");
  }

  private static boolean wantsAll(Exchange exchange) {
    return Stream.of("labelSelector", "fieldSelector", "limit", "continue")
        .allMatch(name -> exchange.query(name).orElse("").isEmpty());
  }

  /** Objects as the store keeps them: to read a thousand and write them again takes 50 ms. */
  private static byte[] all(ServedKind served, Listing listing) {
    byte[] empty = // ends in []}
        ApiJson.bytes(new View.Plain().list(served, List.of(), metadata(listing.version())));
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

  private static ObjectNode metadata(long version) {
    return ApiJson.object().put("resourceVersion", Long.toString(version));
  }
}
