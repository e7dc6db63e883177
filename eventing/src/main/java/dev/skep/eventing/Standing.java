package dev.skep.eventing;

import dev.skep.api.Conditions;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/** The conditions of one object, and {@code Ready}, which sums them up as Knative does. */
final class Standing {
  private record Condition(String status, String reason, String message) {}

  private final TreeMap<String, Condition> conditions = new TreeMap<>();

  Standing met(String type) {
    return met(type, "", "");
  }

  Standing met(String type, String reason, String message) {
    return with(type, new Condition("True", reason, message));
  }

  /** Met, where nothing was said of it. */
  void metUnlessTold(String type) {
    conditions.putIfAbsent(type, new Condition("True", "", ""));
  }

  Standing unmet(String type, String reason, String message) {
    return with(type, new Condition("False", reason, message));
  }

  /** Met, or unmet for want of a destination. */
  Standing of(String type, Destinations.Resolved resolved) {
    return switch (resolved) {
      case Destinations.Found(var uri) -> met(type);
      case Destinations.Lost(var reason, var message) -> unmet(type, reason, message);
    };
  }

  private Standing with(String type, Condition condition) {
    conditions.put(type, condition);
    return this;
  }

  private Condition ready() {
    return conditions.values().stream()
        .filter(one -> one.status().equals("False"))
        .findFirst()
        .orElse(new Condition("True", "", ""));
  }

  boolean isReady() {
    return ready().status().equals("True");
  }

  void writeTo(ObjectNode status) {
    Condition ready = ready();
    var all = new TreeMap<>(conditions);
    all.put("Ready", ready);
    all.forEach(
        (type, condition) ->
            Conditions.add(
                status, type, condition.status(), condition.reason(), condition.message()));
  }
}
