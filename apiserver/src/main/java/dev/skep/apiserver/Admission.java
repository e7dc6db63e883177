package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** What a kind does to objects that clients send, before they are stored. */
interface Admission {
  /**
   * Removes fields that the kind does not have.
   *
   * @return what was removed, as messages: {@code unknown field "spec.foo"}
   */
  List<String> prune(ObjectNode object);

  /** Fills in what the client left out. */
  void applyDefaults(ObjectNode object);

  /**
   * Fails with INVALID and a message that names every wrong field.
   *
   * @param old the object that is to be replaced
   */
  void validate(ApiObject object, Optional<ApiObject> old);
}
