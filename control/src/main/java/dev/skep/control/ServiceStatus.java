package dev.skep.control;

import dev.skep.api.SkepException;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What a Service's status says, after Knative's {@code service_lifecycle.go}; pure. */
final class ServiceStatus {
  private record Condition(String status, String reason, String message) {
    static final Condition TRUE = new Condition("True", "", "");

    boolean isTrue() {
      return status.equals("True");
    }
  }

  private ServiceStatus() {}

  /**
   * A status without the times of its conditions: see {@link dev.skep.api.Conditions#withTimes}.
   */
  static ObjectNode of(ServiceState service, Addresses addresses) {
    ObjectNode status = JsonNodeFactory.instance.objectNode();
    status.put("observedGeneration", service.object.generation());
    status.put("url", addresses.url(service.object));
    status.putObject("address").put("url", addresses.address(service.object));
    service
        .latestCreated()
        .ifPresent(latest -> status.put("latestCreatedRevisionName", latest.key().name()));
    service
        .latestReady()
        .ifPresent(
            ready -> {
              status.put("latestReadyRevisionName", ready.key().name());
              status
                  .putArray("traffic")
                  .addObject()
                  .put("latestRevision", true)
                  .put("percent", 100)
                  .put("revisionName", ready.key().name());
            });
    conditions(status.putArray("conditions"), service);
    return status;
  }

  private static void conditions(ArrayNode conditions, ServiceState service) {
    Condition configurations = configurationsReady(service);
    Condition routes = routesReady(service);
    add(conditions, "ConfigurationsReady", configurations);
    add(conditions, "Ready", both(configurations, routes));
    add(conditions, "RoutesReady", routes);
  }

  private static Condition configurationsReady(ServiceState service) {
    if (service.rejected.isPresent()) {
      SkepException why = service.rejected.get();
      return new Condition(
          "False",
          "RevisionFailed",
          "Revision creation failed with message: %s.".formatted(why.getMessage()));
    }
    Optional<Revision> latest = service.latestCreated();
    if (latest.isEmpty()) {
      return new Condition("Unknown", "", "");
    }
    RevisionReport report = RevisionReport.of(latest.get());
    return switch (report.status()) {
      case "True" -> Condition.TRUE;
      case "False" ->
          new Condition(
              "False",
              "RevisionFailed",
              "Revision \"%s\" failed with message: %s."
                  .formatted(latest.get().key().name(), report.message()));
      default -> new Condition("Unknown", report.reason(), report.message());
    };
  }

  private static Condition routesReady(ServiceState service) {
    if (service.latestReady().isPresent()) {
      return Condition.TRUE;
    }
    boolean hopeless =
        service
            .latestCreated()
            .map(latest -> latest.deployment instanceof Deployment.Failed)
            .orElse(service.rejected.isPresent());
    String name = service.name.name();
    return hopeless
        ? new Condition(
            "False",
            "RevisionMissing",
            "Configuration \"%s\" does not have any ready Revision.".formatted(name))
        : new Condition(
            "Unknown",
            "RevisionMissing",
            "Configuration \"%s\" is waiting for a Revision to become ready.".formatted(name));
  }

  /** The first that is False decides, then the first that is Unknown. */
  private static Condition both(Condition one, Condition two) {
    if (one.status().equals("False") || (two.isTrue() && !one.isTrue())) {
      return one;
    }
    return two.status().equals("False") || one.isTrue() ? two : one;
  }

  private static void add(ArrayNode conditions, String type, Condition condition) {
    ObjectNode node = conditions.addObject();
    if (!condition.message().isEmpty()) {
      node.put("message", condition.message());
    }
    if (!condition.reason().isEmpty()) {
      node.put("reason", condition.reason());
    }
    node.put("status", condition.status()).put("type", type);
  }
}
