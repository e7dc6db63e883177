package dev.skep.apiserver;

import dev.skep.api.SkepException;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;

/** Leads a request for objects to what answers it, the same for every kind. */
final class ResourceHandler {
  private final ListHandler lists;
  private final WatchHandler watches;
  private final WriteHandler writes;
  private final DeleteHandler deletes;
  private final StatusHandler statuses;

  ResourceHandler(ResourceStore store, Namespaces namespaces) {
    this.lists = new ListHandler(store);
    this.watches = new WatchHandler(store);
    this.deletes = new DeleteHandler(store, namespaces);
    this.statuses = new StatusHandler(store);
    this.writes = new WriteHandler(store, namespaces, deletes);
  }

  void handle(ServedKind served, ResourcePath path, Exchange exchange) {
    try {
      dispatch(served, path, exchange);
    } catch (SkepException e) {
      ResourceKind kind = served.kind();
      throw ApiFailure.of(e).about(kind.group(), kind.plural(), path.name().orElse(""));
    }
  }

  private void dispatch(ServedKind served, ResourcePath path, Exchange exchange) {
    if (!served.allows(exchange.method())) {
      throw ApiFailure.notWritten(exchange.method(), served);
    }
    boolean everywhere = served.kind().namespaced() && path.namespace().isEmpty();
    if (exchange.method().equals("GET") && exchange.flag("watch")) {
      watches.watch(served, path, exchange);
    } else if (path.name().isEmpty()) {
      collection(served, path, everywhere, exchange);
    } else if (everywhere) {
      throw ApiFailure.notFound(exchange.pathText());
    } else if (path.subresource().isEmpty()) {
      object(served, path, exchange);
    } else if (path.subresource().get().equals("status") && served.hasStatus()) {
      statuses.handle(served, writes.existing(served, path), exchange);
    } else {
      throw ApiFailure.notFound(exchange.pathText());
    }
  }

  private void collection(
      ServedKind served, ResourcePath path, boolean everywhere, Exchange exchange) {
    switch (everywhere ? exchange.method() + " everywhere" : exchange.method()) {
      case "GET", "GET everywhere" -> lists.list(served, path.namespace(), exchange);
      case "POST" -> writes.create(served, path.namespace().orElse(""), exchange);
      case "DELETE" -> deletes.all(served, path.namespace(), exchange);
      default -> throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    }
  }

  private void object(ServedKind served, ResourcePath path, Exchange exchange) {
    switch (exchange.method()) {
      case "GET" -> {
        View view = View.of(exchange);
        exchange.send(view.object(served, writes.existing(served, path)));
      }
      case "PUT" -> writes.replace(served, writes.existing(served, path), exchange);
      case "PATCH" -> writes.patch(served, path, exchange);
      case "DELETE" -> deletes.one(served, writes.existing(served, path), exchange);
      default -> throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    }
  }
}
