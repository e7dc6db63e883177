package dev.skep.store;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Deletes objects with what belongs to them, as the garbage collector of Kubernetes does: an object
 * goes with the last of its owners ({@code metadata.ownerReferences}), which are in its own
 * namespace. One with finalizers is marked, and goes with the last of them. When a call returns,
 * all has happened.
 *
 * <p>It keeps nothing: any call finds what an interrupted one has left. Pods are not looked at:
 * whoever made them takes them down.
 */
public record OwnedObjects(ResourceStore store) {
  /** What becomes of the objects that a deleted one owns. */
  public enum Propagation {
    /** They go after it. */
    BACKGROUND,
    /** They go before it; it stays as long as one of them has finalizers. */
    FOREGROUND,
    /** They stay, without this owner. */
    ORPHAN
  }

  private static final List<ResourceKind> KINDS =
      List.of(
          ResourceKind.KNATIVE_SERVICE,
          ResourceKind.CONFIGURATION,
          ResourceKind.ROUTE,
          ResourceKind.REVISION,
          ResourceKind.DOMAIN_MAPPING,
          ResourceKind.SERVICE,
          ResourceKind.DEPLOYMENT,
          ResourceKind.CONFIG_MAP,
          ResourceKind.SECRET);

  private static final String WAITS_FOR_OWNED = "foregroundDeletion";
  private static final int CONFLICT_BUDGET = 5;

  /** An object of a kind. */
  private record Found(ResourceKind kind, ApiObject object) {
    boolean isOwnedBy(String uid) {
      return owners().anyMatch(owner -> owner.path("uid").asString("").equals(uid));
    }

    Stream<JsonNode> owners() {
      return object
          .json()
          .at("/metadata/ownerReferences")
          .valueStream()
          .filter(owner -> !owner.path("uid").asString("").isEmpty());
    }

    boolean hasFinalizers() {
      return !object.json().at("/metadata/finalizers").isEmpty();
    }

    boolean waitsForOwned() {
      return object.isEnding()
          && object
              .json()
              .at("/metadata/finalizers")
              .valueStream()
              .anyMatch(finalizer -> finalizer.asString("").equals(WAITS_FOR_OWNED));
    }
  }

  /**
   * Deletes one object. Gives it as it stays until its finalizers are gone; empty for one that is
   * gone. Fails with NOT_FOUND.
   */
  public Optional<ApiObject> delete(ResourceKind kind, ApiObject object, Propagation propagation) {
    return switch (propagation) {
      case BACKGROUND -> delete(new Found(kind, object));
      case FOREGROUND -> deleteAfterOwned(new Found(kind, object));
      case ORPHAN -> {
        owned(object.namespace(), object.uid()).forEach(one -> withoutOwner(one, object.uid()));
        yield delete(new Found(kind, object));
      }
    };
  }

  /** Deletes what an object of a namespace has owned, and all that belonged to that. */
  public void deleteOwned(String namespace, String uid) {
    owned(namespace, uid).forEach(one -> deleteWithOwner(one, uid));
  }

  /** Deletes what has lost its owners while nobody looked. */
  public void sweep() {
    for (ResourceKind kind : KINDS) {
      for (ApiObject object : store.list(kind, Optional.empty()).items()) {
        new Found(kind, object)
            .owners()
            .filter(owner -> kindOf(owner).isPresent() && owner(object, owner).isEmpty())
            .forEach(owner -> deleteOwned(object.namespace(), owner.path("uid").asString("")));
      }
    }
  }

  private List<Found> owned(String namespace, String uid) {
    var owned = new ArrayList<Found>();
    for (ResourceKind kind : KINDS) {
      for (byte[] json : store.list(kind, Optional.of(namespace)).json()) {
        // A tree of each object would take a hundred times as long.
        if (new String(json, StandardCharsets.ISO_8859_1).contains(uid)) {
          owned.add(new Found(kind, new ApiObject(ApiJson.parse(json))));
        }
      }
    }
    owned.removeIf(one -> !one.isOwnedBy(uid));
    return owned;
  }

  private void deleteWithOwner(Found one, String owner) {
    if (one.owners().count() > 1) {
      withoutOwner(one, owner);
    } else {
      deleteIfThere(one);
    }
  }

  private void deleteIfThere(Found one) {
    try {
      delete(one);
    } catch (SkepException e) {
      if (e.code() != Code.NOT_FOUND) { // somebody was faster
        throw e;
      }
    }
  }

  private Optional<ApiObject> delete(Found one) {
    if (one.hasFinalizers()) {
      return Optional.of(one.object.isEnding() ? one.object : mark(one, _ -> {}));
    }
    store.delete(one.kind, one.object.namespace(), one.object.name());
    deleteOwned(one.object.namespace(), one.object.uid());
    one.owners().flatMap(owner -> owner(one.object, owner).stream()).forEach(this::finishWaiting);
    return Optional.empty();
  }

  private Optional<ApiObject> deleteAfterOwned(Found one) {
    ApiObject marked =
        one.waitsForOwned()
            ? one.object
            : mark(one, metadata -> metadata.withArray("finalizers").add(WAITS_FOR_OWNED));
    deleteOwned(marked.namespace(), marked.uid());
    current(one).ifPresent(this::finishWaiting);
    return current(one).map(Found::object);
  }

  /**
   * Lets an object go that has waited for what it owned. It does not wait for what a reconciler has
   * made since: that goes after it.
   */
  private void finishWaiting(Found owner) {
    if (!owner.waitsForOwned()
        || owned(owner.object.namespace(), owner.object.uid()).stream()
            .anyMatch(one -> one.object.isEnding())) {
      return;
    }
    ApiObject free =
        change(
            owner,
            metadata ->
                metadata
                    .withArray("finalizers")
                    .removeIf(finalizer -> finalizer.asString("").equals(WAITS_FOR_OWNED)));
    deleteIfThere(new Found(owner.kind, free));
  }

  private ApiObject mark(Found one, Consumer<ObjectNode> more) {
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    return change(
        one,
        metadata -> {
          metadata.put("deletionTimestamp", now).put("deletionGracePeriodSeconds", 0);
          more.accept(metadata);
        });
  }

  private void withoutOwner(Found one, String uid) {
    change(
        one,
        metadata -> {
          ArrayNode owners = metadata.withArray("ownerReferences");
          owners.removeIf(owner -> owner.path("uid").asString("").equals(uid));
          if (owners.isEmpty()) {
            metadata.remove("ownerReferences");
          }
        });
  }

  /** Changes the metadata, whatever else changes meanwhile. */
  private ApiObject change(Found one, Consumer<ObjectNode> change) {
    Found newest = one;
    for (int attempts = 1; ; attempts++) {
      ObjectNode changed = newest.object.copy();
      change.accept(changed.withObject("metadata"));
      try {
        return store.replace(one.kind, new ApiObject(changed));
      } catch (SkepException e) {
        Optional<Found> there = current(one);
        if (e.code() != Code.CONFLICT || attempts == CONFLICT_BUDGET || there.isEmpty()) {
          throw e;
        }
        newest = there.get();
      }
    }
  }

  /** The same object as it is now. */
  private Optional<Found> current(Found one) {
    return store
        .get(one.kind, one.object.namespace(), one.object.name())
        .filter(object -> object.uid().equals(one.object.uid()))
        .map(object -> new Found(one.kind, object));
  }

  /**
   * What an owner reference of {@code object} means; empty where that is gone, or of another kind.
   */
  private Optional<Found> owner(ApiObject object, JsonNode reference) {
    String uid = reference.path("uid").asString("");
    return kindOf(reference)
        .flatMap(
            kind ->
                store
                    .get(kind, object.namespace(), reference.path("name").asString(""))
                    .filter(owner -> owner.uid().equals(uid))
                    .map(owner -> new Found(kind, owner)));
  }

  private static Optional<ResourceKind> kindOf(JsonNode reference) {
    return KINDS.stream()
        .filter(kind -> kind.apiVersion().equals(reference.path("apiVersion").asString("")))
        .filter(kind -> kind.kind().equals(reference.path("kind").asString("")))
        .findFirst();
  }
}
