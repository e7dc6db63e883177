package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.Findings;
import dev.skep.api.Schema;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** What a kind does to objects that clients send, before they are stored. */
interface Admission {
  /** The shape that is published. */
  default Schema.ObjectOf schema() {
    return Schema.openObject();
  }

  /** Removes fields that the kind does not have; fails with INVALID on values of a wrong type. */
  Findings prune(ObjectNode object);

  /**
   * Fills in what the client left out.
   *
   * @param old the object that is to be replaced
   */
  void applyDefaults(ObjectNode object, Optional<ApiObject> old);

  /**
   * Fails with INVALID and a message that names every wrong field.
   *
   * @param old the object that is to be replaced
   */
  void validate(ApiObject object, Optional<ApiObject> old);
}
