package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A kind that is served, with what is done to its objects on the way in. One entry of this sort is
 * all that a new kind needs.
 *
 * @param categories such as {@code all}: names for several kinds at once
 * @param verbs what clients may do, in the words of discovery
 * @param columns how clients print it
 */
record ServedKind(
    ResourceKind kind,
    String singular,
    List<String> shortNames,
    List<String> categories,
    List<String> verbs,
    List<Column> columns,
    Admission admission) {

  /** All that can be done to objects. */
  static final List<String> ALL_VERBS =
      List.of("create", "delete", "get", "list", "patch", "update", "watch");

  /** For objects that the server makes. */
  static final List<String> NOT_WRITTEN = List.of("delete", "get", "list", "watch");

  /** Whether it is Knative's, and so tells who has written it. */
  boolean isKnative() {
    return kind.group().equals(ResourceKind.KNATIVE_SERVICE.group());
  }

  boolean hasStatus() {
    return !kind.equals(ResourceKind.CONFIG_MAP) && !kind.equals(ResourceKind.SECRET);
  }

  /** Whether a request with this method may come. */
  boolean allows(String method) {
    return switch (method) {
      case "POST" -> verbs.contains("create");
      case "PUT" -> verbs.contains("update");
      case "PATCH" -> verbs.contains("patch");
      default -> true;
    };
  }

  /** One column of a table of such objects. */
  record Column(String name, Function<ApiObject, String> text) {
    static Column ofName() {
      return new Column("Name", ApiObject::name);
    }

    static Column field(String name, String field) {
      return new Column(name, object -> object.json().path(field).asString(""));
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

    /** How old it is, in the largest unit that is not 0. */
    static Column age() {
      return new Column(
          "Age",
          object -> {
            String made = object.json().path("metadata").path("creationTimestamp").asString("");
            return made.isEmpty() ? "" : age(Duration.between(Instant.parse(made), Instant.now()));
          });
    }

    private static String age(Duration age) {
      if (age.toDays() > 0) {
        return age.toDays() + "d";
      }
      if (age.toHours() > 0) {
        return age.toHours() + "h";
      }
      return age.toMinutes() > 0 ? age.toMinutes() + "m" : Math.max(0, age.toSeconds()) + "s";
    }
  }
}
