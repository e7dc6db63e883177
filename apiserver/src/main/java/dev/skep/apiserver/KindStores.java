package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/**
 * The store as clients see it: some kinds are kept elsewhere, or made up when somebody looks.
 *
 * @param others by their kinds; each counts versions of its own
 */
record KindStores(ResourceStore store, Map<ResourceKind, ResourceStore> others)
    implements ResourceStore {
  private ResourceStore of(ResourceKind kind) {
    return others.getOrDefault(kind, store);
  }

  @Override
  public Optional<ApiObject> get(ResourceKind kind, String namespace, String name) {
    return of(kind).get(kind, namespace, name);
  }

  @Override
  public Listing list(ResourceKind kind, Optional<String> namespace) {
    return of(kind).list(kind, namespace);
  }

  @Override
  public ApiObject create(ResourceKind kind, ApiObject object) {
    return of(kind).create(kind, object);
  }

  @Override
  public ApiObject replace(ResourceKind kind, ApiObject object) {
    return of(kind).replace(kind, object);
  }

  @Override
  public ApiObject updateStatus(
      ResourceKind kind, String namespace, String name, UnaryOperator<ObjectNode> status) {
    return of(kind).updateStatus(kind, namespace, name, status);
  }

  @Override
  public ApiObject delete(ResourceKind kind, String namespace, String name) {
    return of(kind).delete(kind, namespace, name);
  }

  @Override
  public Watch watch(ResourceKind kind, Optional<String> namespace, long fromVersion) {
    return of(kind).watch(kind, namespace, fromVersion);
  }

  /** Does nothing: all of them are their owners' to close. */
  @Override
  public void close() {}
}
