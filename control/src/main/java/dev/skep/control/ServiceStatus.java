package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a Service's status says, after Knative's {@code service_lifecycle.go}; pure.
 *
 * @param configuration empty before there is one of its own
 * @param route likewise
 */
record ServiceStatus(
    ApiObject service,
    Child configurationChild,
    Optional<ConfigurationView> configuration,
    Child routeChild,
    Optional<RouteStatus> route) {
  /** How an object that the Service asks for stands. */
  enum Child {
    /** It is as it should be. */
    CURRENT,
    /** It is being written. */
    OUTDATED,
    /** Its name belongs to somebody else. */
    FOREIGN
  }

  ConditionSet conditions() {
    return new ConditionSet()
        .with("ConfigurationsReady", configurationsReady())
        .with("RoutesReady", routesReady());
  }

  private Condition configurationsReady() {
    return switch (configurationChild) {
      case FOREIGN -> foreign("Configuration");
      case OUTDATED -> outdated("Configuration");
      case CURRENT ->
          configuration.map(ConfigurationView::condition).orElse(outdated("Configuration"));
    };
  }

  private Condition routesReady() {
    String taken = configuration.map(ConfigurationView::taken).orElse("");
    if (!taken.isEmpty()) {
      return Condition.no(
          "RevisionNameTaken",
          "The revision name \"%s\" is taken by a conflicting Revision, so traffic will not be migrated"
              .formatted(taken));
    }
    return switch (routeChild) {
      case FOREIGN -> foreign("Route");
      case OUTDATED -> outdated("Route");
      case CURRENT -> route.map(status -> status.conditions().ready()).orElse(outdated("Route"));
    };
  }

  private Condition foreign(String kind) {
    return Condition.no(
        "NotOwned",
        "There is an existing %s \"%s\" that we do not own.".formatted(kind, service.name()));
  }

  private static Condition outdated(String kind) {
    return Condition.unknown(
        "OutOfDate",
        "The %s is still working to reflect the latest desired specification.".formatted(kind));
  }

  /** Without the times of its conditions. */
  ObjectNode json(Addresses addresses) {
    ObjectNode status = ApiJson.object();
    status.put("observedGeneration", service.generation());
    configuration.ifPresent(view -> view.writeNames(status));
    route.ifPresent(found -> found.writeTraffic(status, addresses));
    conditions().writeTo(status);
    return status;
  }
}
