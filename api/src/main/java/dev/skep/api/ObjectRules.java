package dev.skep.api;

import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** What is done to objects of a kind that a client sends, in this order; all of it is pure. */
public interface ObjectRules {
  /** The shape of its objects. */
  Schema.ObjectOf schema();

  /** Removes unknown fields and nulls; fails with INVALID where a value has the wrong type. */
  Findings prune(ObjectNode object);

  /**
   * Fills in what the client left out; expects a pruned object.
   *
   * @param old what {@code object} is to replace. What is the same as there stays as it is:
   *     defaults may have changed since, and would change what may not change
   */
  void applyDefaults(ObjectNode object, Optional<ApiObject> old);

  /**
   * Fails with INVALID and a message that names every wrong field.
   *
   * @param old what {@code object} is to replace
   */
  void validate(ApiObject object, Optional<ApiObject> old);
}
