package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.KubernetesSchemas;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.apiserver.ServedKind.Column;
import dev.skep.store.EventLog;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Events, under the names of both of their groups. */
final class EventKinds {
  /** From {@code v1} to {@code events.k8s.io/v1}. */
  private static final Map<String, String> RENAMED =
      Map.of(
          "involvedObject", "regarding",
          "message", "note",
          "source", "deprecatedSource",
          "firstTimestamp", "deprecatedFirstTimestamp",
          "lastTimestamp", "deprecatedLastTimestamp",
          "count", "deprecatedCount",
          "reportingComponent", "reportingController");

  private EventKinds() {}

  /** A store that has events, kept in the log. */
  static ResourceStore with(EventLog log, ResourceStore store) {
    var back = new HashMap<String, String>();
    RENAMED.forEach((one, other) -> back.put(other, one));
    var regarding =
        new ShownStore(
            log,
            ResourceKind.EVENT,
            event -> as(ResourceKind.REGARDING_EVENT, event, RENAMED),
            event -> as(ResourceKind.EVENT, event, back));
    return new KindStores(
        store, Map.of(ResourceKind.EVENT, log, ResourceKind.REGARDING_EVENT, regarding));
  }

  private static ObjectNode as(ResourceKind kind, ObjectNode event, Map<String, String> names) {
    names.forEach(
        (from, to) -> {
          JsonNode value = event.remove(from);
          if (value != null) {
            event.set(to, value);
          }
        });
    return event.put("apiVersion", kind.apiVersion());
  }

  static ServedKind event() {
    return kind(ResourceKind.EVENT, List.of("ev"), "involvedObject", "message");
  }

  static ServedKind regardingEvent() {
    return kind(ResourceKind.REGARDING_EVENT, List.of("ev"), "regarding", "note");
  }

  private static ServedKind kind(
      ResourceKind kind, List<String> shortNames, String object, String message) {
    return new ServedKind(
        kind,
        "event",
        shortNames,
        List.of(),
        ServedKind.ALL_VERBS,
        List.of(
            new Column("Last Seen", EventKinds::lastSeen),
            Column.field("Type", "type"),
            Column.field("Reason", "reason"),
            new Column("Object", event -> name(event.json().path(object))),
            Column.field("Message", message)),
        KubernetesAdmission.bySchema(
            kind,
            kind.equals(ResourceKind.EVENT)
                ? KubernetesSchemas.EVENT
                : KubernetesSchemas.REGARDING_EVENT,
            (event, _) -> check(event, object)));
  }

  private static String name(JsonNode object) {
    return object.path("kind").asString("").toLowerCase(Locale.ROOT)
        + "/"
        + object.path("name").asString("");
  }

  private static String lastSeen(ApiObject event) {
    JsonNode json = event.json();
    String time =
        Stream.of(
                json.at("/series/lastObservedTime"),
                json.path("lastTimestamp"),
                json.path("deprecatedLastTimestamp"),
                json.path("eventTime"))
            .map(each -> each.asString(""))
            .filter(text -> !text.isEmpty())
            .findFirst()
            .orElse("");
    try {
      return Ages.text(Duration.between(Instant.parse(time), Instant.now()));
    } catch (DateTimeException e) {
      return "<unknown>";
    }
  }

  /** What happens to objects without a namespace is told in {@code default}. */
  private static void check(ApiObject event, String field) {
    String namespace = event.json().path(field).path("namespace").asString("");
    String expected = namespace.isEmpty() ? Namespaces.DEFAULT : namespace;
    if (!event.namespace().equals(expected)) {
      throw new SkepException(
          Code.INVALID,
          "%s.namespace: Invalid value: \"%s\": does not match event.namespace"
              .formatted(field, namespace));
    }
  }
}
