package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * A kind that is served, with what is done to its objects on the way in. One entry of this sort is
 * all that a new kind needs.
 *
 * @param categories such as {@code all}: names for several kinds at once
 * @param verbs what clients may do, in the words of discovery
 * @param columns how clients print it
 * @param live adds to an object what it has and is not stored; empty where there is no such thing
 */
record ServedKind(
    ResourceKind kind,
    String singular,
    List<String> shortNames,
    List<String> categories,
    List<String> verbs,
    List<Column> columns,
    Admission admission,
    Optional<Consumer<ObjectNode>> live) {

  /** All that can be done to objects. */
  static final List<String> ALL_VERBS =
      List.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");

  /** For objects that the server makes. */
  static final List<String> NOT_WRITTEN =
      List.of("delete", "deletecollection", "get", "list", "watch");

  /** For objects that are made up of others. */
  static final List<String> READ = List.of("get", "list", "watch");

  /** One whose objects are shown as they are stored. */
  ServedKind(
      ResourceKind kind,
      String singular,
      List<String> shortNames,
      List<String> categories,
      List<String> verbs,
      List<Column> columns,
      Admission admission) {
    this(kind, singular, shortNames, categories, verbs, columns, admission, Optional.empty());
  }

  ServedKind with(Consumer<ObjectNode> live) {
    return new ServedKind(
        kind, singular, shortNames, categories, verbs, columns, admission, Optional.of(live));
  }

  /** As clients see it; may change {@code object}. */
  ApiObject shown(ApiObject object) {
    live.ifPresent(add -> add.accept(object.json()));
    return object;
  }

  /** Whether it is Knative's, and so a custom resource that tells who has written it. */
  boolean isKnative() {
    return kind.group().endsWith("knative.dev");
  }

  boolean hasStatus() {
    return admission.schema().fields().containsKey("status");
  }

  /** What clients may do to the status alone. */
  List<String> statusVerbs() {
    return verbs.contains("update") ? List.of("get", "patch", "update") : List.of("get");
  }

  /** Whether a request with this method may come. */
  boolean allows(String method) {
    return switch (method) {
      case "POST" -> verbs.contains("create");
      case "PUT" -> verbs.contains("update");
      case "PATCH" -> verbs.contains("patch");
      case "DELETE" -> verbs.contains("delete");
      default -> true;
    };
  }

  /** One column of a table of such objects. */
  record Column(String name, Function<ApiObject, String> text) {
    static Column ofName() {
      return new Column("Name", ApiObject::name);
    }

    /** How long it has been there. */
    static Column age() {
      return new Column("Age", object -> Ages.of(object, Instant.now()));
    }

    static Column field(String name, String field) {
      return new Column(name, object -> object.json().path(field).asString(""));
    }

    static Column label(String name, String label) {
      return new Column(name, object -> object.labels().getOrDefault(label, ""));
    }

    /** How many entries these fields have together. */
    static Column size(String name, String... fields) {
      return new Column(
          name,
          object ->
              Integer.toString(
                  Stream.of(fields).mapToInt(field -> object.json().path(field).size()).sum()));
    }

    /** A field of the status. */
    static Column status(String name, String field) {
      return new Column(name, object -> object.status().path(field).asString(""));
    }

    /** A field of the condition {@code Ready}. */
    static Column ready(String name, String field) {
      return new Column(
          name,
          object -> object.condition("Ready").map(one -> one.path(field).asString("")).orElse(""));
    }

    /** A number of the status; 0 where it is left out. */
    static Column number(String name, String field) {
      return new Column(name, object -> Long.toString(object.status().path(field).asLong(0)));
    }
  }
}
