package dev.skep.store;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What each write makes of an object; pure but for clock and random uid. */
final class Transitions {
  /** Fields of the metadata that only the server writes. */
  private static final List<String> SERVER_OWNED =
      List.of("uid", "creationTimestamp", "generation", "resourceVersion");

  private final Clock clock;

  Transitions(Clock clock) {
    this.clock = clock;
  }

  ObjectNode create(ResourceKind kind, ApiObject object, Optional<ObjectNode> there) {
    if (there.isPresent()) {
      throw new SkepException(
          Code.ALREADY_EXISTS,
          "%s \"%s\" already exists".formatted(kind.resource(), object.name()));
    }
    ObjectNode created = object.copy();
    created.remove("status");
    ObjectNode metadata = created.withObject("metadata");
    SERVER_OWNED.forEach(metadata::remove);
    metadata.put("uid", UUID.randomUUID().toString());
    metadata.put("creationTimestamp", clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
    metadata.put("generation", 1);
    return created;
  }

  /** Empty when nothing would change. */
  Optional<ObjectNode> replace(ResourceKind kind, ApiObject object, ObjectNode there) {
    var old = new ApiObject(there);
    checkPreconditions(kind, object, old);
    ObjectNode replaced = plain(object.json());
    ObjectNode metadata = replaced.withObject("metadata");
    for (String field : SERVER_OWNED) {
      copy(field, there.path("metadata"), metadata);
    }
    copy("status", there, replaced);
    if (replaced.equals(there)) {
      return Optional.empty();
    }
    if (!replaced.path("spec").equals(old.spec())) {
      metadata.put("generation", old.generation() + 1);
    }
    return Optional.of(replaced);
  }

  private static void checkPreconditions(ResourceKind kind, ApiObject object, ApiObject old) {
    boolean stale =
        object.resourceVersion() != 0 && object.resourceVersion() != old.resourceVersion();
    if (stale) {
      throw conflict(
          kind,
          object.name(),
          "the object has been modified; please apply your changes to the latest version and try"
              + " again");
    }
    if (!object.uid().isEmpty() && !object.uid().equals(old.uid())) {
      throw conflict(
          kind,
          object.name(),
          "Precondition failed: UID in precondition: %s, UID in object meta: %s"
              .formatted(object.uid(), old.uid()));
    }
  }

  private static SkepException conflict(ResourceKind kind, String name, String why) {
    return new SkepException(
        Code.CONFLICT,
        "Operation cannot be fulfilled on %s \"%s\": %s".formatted(kind.resource(), name, why));
  }

  /** Empty when nothing would change. */
  Optional<ObjectNode> status(ObjectNode there, UnaryOperator<ObjectNode> change) {
    ObjectNode changed = there.deepCopy();
    ObjectNode status =
        there.get("status") instanceof ObjectNode known ? known.deepCopy() : ApiJson.object();
    changed.set("status", plain(change.apply(status)));
    return changed.equals(there) ? Optional.empty() : Optional.of(changed);
  }

  /** As it would be read back: an int and a long of the same value are not equal otherwise. */
  private static ObjectNode plain(ObjectNode node) {
    return ApiJson.parse(ApiJson.bytes(node));
  }

  private static void copy(String field, JsonNode from, ObjectNode to) {
    JsonNode value = from.get(field);
    if (value == null) {
      to.remove(field);
    } else {
      to.set(field, value.deepCopy());
    }
  }
}
