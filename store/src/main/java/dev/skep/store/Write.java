package dev.skep.store;

import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** What is to happen to one object. */
sealed interface Write {
  /** Decides on the newest state, on the store's thread; may fail with a SkepException. */
  interface Decision {
    Write on(Optional<ObjectNode> there);
  }

  /** The object becomes this; its version is still to be set. */
  record Put(ObjectNode object, boolean statusOnly) implements Write {}

  record Remove(ObjectNode last) implements Write {}

  /** The object stays as it is. */
  record Nothing(ObjectNode object) implements Write {}
}
