package dev.skep.store;

import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/**
 * One write of several that are handed over together. Functions in it get a copy of the newest
 * state and must not call the store. Those with a uid mean that object alone: CONFLICT where
 * another has its name by now.
 */
public sealed interface Edit {
  ResourceKind kind();

  String namespace();

  String name();

  /** Does it alone. */
  default void on(ResourceStore store) {
    switch (this) {
      case Create(var kind, var object) -> store.create(kind, object);
      case Change(var kind, _, _, var change) ->
          store.replace(kind, new ApiObject(change.apply(there(store).copy())));
      case Status(var kind, var namespace, var name, var uid, var status) -> {
        checkMeant(uid, there(store));
        store.updateStatus(kind, namespace, name, status);
      }
      case Delete(var kind, var namespace, var name, var uid) -> {
        checkMeant(uid, there(store));
        store.delete(kind, namespace, name);
      }
    }
  }

  private ApiObject there(ResourceStore store) {
    return store
        .get(kind(), namespace(), name())
        .orElseThrow(
            () ->
                new SkepException(
                    Code.NOT_FOUND, "%s \"%s\" not found".formatted(kind().resource(), name())));
  }

  /** Fails with CONFLICT where another object has its name by now. */
  default void checkMeant(String uid, ApiObject there) {
    if (!there.uid().equals(uid)) {
      throw new SkepException(
          Code.CONFLICT, "%s \"%s\" is another by now".formatted(kind().resource(), name()));
    }
  }

  /** As {@link ResourceStore#create}. */
  record Create(ResourceKind kind, ApiObject object) implements Edit {
    @Override
    public String namespace() {
      return object.namespace();
    }

    @Override
    public String name() {
      return object.name();
    }
  }

  /** All but the status, as {@link ResourceStore#replace}. */
  record Change(ResourceKind kind, String namespace, String name, UnaryOperator<ObjectNode> change)
      implements Edit {}

  /** As {@link ResourceStore#updateStatus}. */
  record Status(
      ResourceKind kind,
      String namespace,
      String name,
      String uid,
      UnaryOperator<ObjectNode> status)
      implements Edit {}

  /** As {@link ResourceStore#delete}. */
  record Delete(ResourceKind kind, String namespace, String name, String uid) implements Edit {}
}
