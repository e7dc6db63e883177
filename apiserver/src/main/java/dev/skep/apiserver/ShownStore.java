package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.Optional;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/**
 * A kind that clients see in another form than it is kept in, the status apart.
 *
 * @param keptAs the kind that it is kept as
 * @param shown from the kept form; gets a tree of its own
 * @param kept from the shown form; gets a tree of its own
 */
record ShownStore(
    ResourceStore store,
    ResourceKind keptAs,
    UnaryOperator<ObjectNode> shown,
    UnaryOperator<ObjectNode> kept)
    implements ResourceStore {

  private ApiObject show(ApiObject object) {
    return new ApiObject(shown.apply(object.copy()));
  }

  private ApiObject keep(ApiObject object) {
    return new ApiObject(kept.apply(object.copy()));
  }

  @Override
  public Optional<ApiObject> get(ResourceKind kind, String namespace, String name) {
    return store.get(keptAs, namespace, name).map(this::show);
  }

  @Override
  public Listing list(ResourceKind kind, Optional<String> namespace) {
    Listing listing = store.list(keptAs, namespace);
    return new Listing(
        listing.items().stream().map(object -> ApiJson.bytes(show(object).json())).toList(),
        listing.version());
  }

  @Override
  public ApiObject create(ResourceKind kind, ApiObject object) {
    return show(store.create(keptAs, keep(object)));
  }

  @Override
  public ApiObject replace(ResourceKind kind, ApiObject object) {
    return show(store.replace(keptAs, keep(object)));
  }

  @Override
  public ApiObject updateStatus(
      ResourceKind kind, String namespace, String name, UnaryOperator<ObjectNode> status) {
    return show(store.updateStatus(keptAs, namespace, name, status));
  }

  @Override
  public ApiObject delete(ResourceKind kind, String namespace, String name) {
    return show(store.delete(keptAs, namespace, name));
  }

  @Override
  public Watch watch(ResourceKind kind, Optional<String> namespace, long fromVersion) {
    Watch watch = store.watch(keptAs, namespace, fromVersion);
    return new Watch() {
      @Override
      public Optional<Event> next(long timeoutMillis) throws InterruptedException {
        return watch
            .next(timeoutMillis)
            .map(event -> new Event(event.type(), show(event.object())));
      }

      @Override
      public long version() {
        return watch.version();
      }

      @Override
      public void close() {
        watch.close();
      }
    };
  }

  /** Does nothing: the store is its owner's to close. */
  @Override
  public void close() {}
}
