package dev.skep.store;

import dev.skep.api.ApiObject;
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
