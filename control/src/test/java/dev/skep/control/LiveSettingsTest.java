package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** Names and ways of routes follow Knative's ConfigMaps while the daemon runs. */
final class LiveSettingsTest {
  @TempDir Path folder;
  private World world;

  @BeforeEach
  void boot() {
    world = new World(folder);
    ObjectNode service = World.service("hello", World.IMAGE, 0);
    ((ObjectNode) service.path("metadata")).putObject("labels").put("app", "prod");
    ((ObjectNode) service.path("spec"))
        .set(
            "traffic",
            ApiJson.mapper()
                .readTree("[{\"latestRevision\": true, \"percent\": 100, \"tag\": \"now\"}]"));
    world.apply("hello", service);
    world.seconds(2);
  }

  private void set(String name, String key, String value) {
    ObjectNode map = ApiJson.object();
    map.putObject("metadata").put("namespace", KnativeSettings.NAMESPACE).put("name", name);
    map.putObject("data").put(key, value);
    world.store.create(ResourceKind.CONFIG_MAP, new ApiObject(map));
    world.loop.reconfigure();
    world.seconds(2);
  }

  private String url(ResourceKind kind) {
    return world.get(kind, "hello").status().path("url").asString("");
  }

  @Test
  void aDomainIsThatOfTheMostSpecificSelectorAndOldHostsGo() {
    assertThat(url(World.SERVICES)).isEqualTo("http://hello.default.example.test:8080");

    set("config-domain", "prod.example.org", "selector:\n  app: prod\n");

    assertThat(url(ResourceKind.ROUTE)).isEqualTo("http://hello.default.prod.example.org:8080");
    assertThat(url(World.SERVICES)).isEqualTo("http://hello.default.prod.example.org:8080");
    assertThat(world.sendTo("now-hello.default.prod.example.org").revision.name())
        .isEqualTo("hello-00001");
    assertThat(world.gateway.table.hosts()).doesNotContainKey("hello.default.example.test");
  }

  @Test
  void placeholdersOfTagsHaveTheNamesOfTheTemplate() {
    assertThat(world.store.get(ResourceKind.SERVICE, "default", "now-hello")).isPresent();

    set("config-network", "tag-template", "{{.Name}}-{{.Tag}}");

    assertThat(world.store.get(ResourceKind.SERVICE, "default", "hello-now")).isPresent();
    assertThat(world.store.get(ResourceKind.SERVICE, "default", "now-hello")).isEmpty();
  }

  @Test
  void theTagHeaderChoosesWhereTheFeatureIsEnabled() {
    String host = "hello.default.example.test";
    assertThat(world.gateway.table.hosts().get(host).byTag()).isEqualTo(RouteTable.ByTag.OFF);

    set("config-features", "tag-header-based-routing", "enabled");

    assertThat(world.gateway.table.hosts().get(host).byTag())
        .isInstanceOfSatisfying(
            RouteTable.Chosen.class, chosen -> assertThat(chosen.tags()).containsOnlyKeys("now"));
    assertThat(world.gateway.table.hosts().get("now-" + host).byTag())
        .isEqualTo(new RouteTable.Given("now"));
  }

  @Test
  void redirectsLeadToTheOutsideNameAlone() {
    set("config-network", "http-protocol", "Redirected");

    assertThat(world.gateway.table.hosts().get("hello.default.example.test").https())
        .isEqualTo("https://hello.default.example.test:8443");
    assertThat(world.gateway.table.hosts().get("hello.default.svc.cluster.local").https())
        .isEmpty();
  }

  @Test
  void whatCannotBeReadIsRefusedWithItsPlace() {
    refused("config-network", "domain-template", "{{.Name}}.{{.Nmespace}}", "domain-template:1:11");
    refused("config-network", "domain-template", "{{.Name}}/x", "domain template has url path: /x");
    refused("config-network", "rollout-duration", "-1", "must be a positive integer, but was -1");
    refused("config-network", "http-protocol", "off", "is not supported");
    refused("config-domain", "a.org", "nonsense", "expected: KEY: VALUE");
    refused("config-deployment", "progress-deadline", "0s", "non-positive duration");
    refused("config-gc", "min-non-active-revisions", "many", "failed to parse");
    refused("config-autoscaler", "stable-window", "1s", "stable-window");
    KnativeSettings.check("config-other", Map.of("a", "b"));
  }

  private static void refused(String name, String key, String value, String message) {
    assertThatThrownBy(() -> KnativeSettings.check(name, Map.of(key, value)))
        .hasMessageContaining(message);
  }
}
