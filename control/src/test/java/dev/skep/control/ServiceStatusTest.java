package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.control.ServiceStatus.Child;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

/** How the conditions of a Service follow from those of what it has made. */
final class ServiceStatusTest {
  private static ApiObject object() {
    ObjectNode object = ApiJson.object();
    object.putObject("metadata").put("namespace", "ns").put("name", "hello").put("generation", 1);
    return new ApiObject(object);
  }

  private static Condition condition(String status) {
    return status.equals("True") ? Condition.TRUE : new Condition(status, "Its", "own.");
  }

  private static RouteStatus route(String status) {
    Traffic traffic =
        status.equals("True")
            ? new Traffic.Assigned(List.of())
            : new Traffic.Unassigned(condition(status));
    var share = new Traffic.Share("", "hello-00001", true, 100);
    return new RouteStatus(
        object(),
        traffic,
        new Rollout(List.of(share), Instant.MIN, false),
        PlaceholderReconciler.Placed.NOTHING);
  }

  @ParameterizedTest
  @CsvSource({
    // configuration, route, what the Service says of them, and of itself
    "CURRENT, True, CURRENT, True, True, True, True",
    "CURRENT, Unknown, CURRENT, True, Unknown Its, True, Unknown Its",
    "CURRENT, Unknown, CURRENT, Unknown, Unknown Its, Unknown Its, Unknown Its",
    "CURRENT, False, CURRENT, True, False Its, True, False Its",
    "CURRENT, True, CURRENT, False, True, False Its, False Its",
    "CURRENT, Unknown, CURRENT, False, Unknown Its, False Its, False Its",
    "OUTDATED, True, CURRENT, True, Unknown OutOfDate, True, Unknown OutOfDate",
    "CURRENT, True, OUTDATED, True, True, Unknown OutOfDate, Unknown OutOfDate",
    "FOREIGN, True, CURRENT, True, False NotOwned, True, False NotOwned",
    "CURRENT, True, FOREIGN, True, True, False NotOwned, False NotOwned",
  })
  void conditionsFollow(
      Child configurationChild,
      String configuration,
      Child routeChild,
      String route,
      String configurations,
      String routes,
      String ready) {
    var view = new ConfigurationView("hello", "", "", condition(configuration), "");
    var status =
        new ServiceStatus(
            object(), configurationChild, Optional.of(view), routeChild, Optional.of(route(route)));

    ObjectNode json = status.json(new Addresses(Naming.standard("test"), 80, 0));

    assertThat(text(json, "ConfigurationsReady")).isEqualTo(configurations);
    assertThat(text(json, "RoutesReady")).isEqualTo(routes);
    assertThat(text(json, "Ready")).isEqualTo(ready);
  }

  private static String text(ObjectNode status, String type) {
    ObjectNode object = ApiJson.object();
    object.set("status", status);
    return new ApiObject(object)
        .condition(type)
        .map(found -> found.path("status").asString("") + " " + found.path("reason").asString(""))
        .orElse("missing")
        .strip();
  }
}
