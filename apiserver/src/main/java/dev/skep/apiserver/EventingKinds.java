package dev.skep.apiserver;

import dev.skep.api.EventingKind;
import dev.skep.apiserver.ServedKind.Column;
import dev.skep.store.ResourceKind;
import java.util.List;
import java.util.stream.Stream;

/** Knative Eventing's kinds, printed as their definitions say. */
final class EventingKinds {
  private static final Column READY = Column.ready("Ready", "status");
  private static final Column REASON = Column.ready("Reason", "reason");

  private EventingKinds() {}

  static ServedKind broker() {
    return eventing(
        ResourceKind.BROKER,
        EventingKind.BROKER,
        List.of(),
        "eventing",
        List.of(url(), Column.age()));
  }

  static ServedKind trigger() {
    return eventing(
        ResourceKind.TRIGGER,
        EventingKind.TRIGGER,
        List.of(),
        "eventing",
        List.of(
            spec("Broker", "broker"),
            Column.status("Subscriber_URI", "subscriberUri"),
            Column.age()));
  }

  static ServedKind channel() {
    return eventing(
        ResourceKind.CHANNEL,
        EventingKind.CHANNEL,
        List.of("ch"),
        "messaging",
        List.of(url(), Column.age()));
  }

  static ServedKind subscription() {
    return eventing(
        ResourceKind.SUBSCRIPTION,
        EventingKind.SUBSCRIPTION,
        List.of("sub"),
        "messaging",
        List.of(Column.age()));
  }

  static ServedKind pingSource() {
    return eventing(
        ResourceKind.PING_SOURCE,
        EventingKind.PING_SOURCE,
        List.of(),
        "sources",
        List.of(Column.status("Sink", "sinkUri"), spec("Schedule", "schedule"), Column.age()));
  }

  private static ServedKind eventing(
      ResourceKind kind,
      EventingKind rules,
      List<String> shortNames,
      String category,
      List<Column> columns) {
    List<Column> all =
        Stream.of(List.of(Column.ofName()), columns, List.of(READY, REASON))
            .flatMap(List::stream)
            .toList();
    return new ServedKind(
        kind,
        kind.kind().toLowerCase(java.util.Locale.ROOT),
        shortNames,
        List.of("all", "knative", category),
        ServedKind.ALL_VERBS,
        all,
        new KnativeAdmission(rules, "eventing", _ -> {}));
  }

  private static Column url() {
    return new Column("URL", object -> object.status().path("address").path("url").asString(""));
  }

  private static Column spec(String name, String field) {
    return new Column(name, object -> object.spec().path(field).asString(""));
  }
}
