package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** Services, Configurations, Routes and Revisions as their clients see them. */
final class KnativeObjectsTest {
  private static final ResourceKind CONFIGURATION = ResourceKind.CONFIGURATION;
  private static final ResourceKind REVISION = ResourceKind.REVISION;
  private static final ResourceKind ROUTE = ResourceKind.ROUTE;

  @TempDir Path folder;
  private World world;

  @BeforeEach
  void boot() {
    world = new World(folder);
  }

  private static ObjectNode service(String traffic, String... annotations) {
    ObjectNode service = World.service("hello", World.IMAGE, 0, annotations);
    ((ObjectNode) service.path("spec")).set("traffic", ApiJson.mapper().readTree(traffic));
    return service;
  }

  private void apply(String traffic, String... annotations) {
    world.apply("hello", service(traffic, annotations));
    world.seconds(2);
  }

  private void named(String revision, String traffic, String... annotations) {
    ObjectNode service = service(traffic, annotations);
    ((ObjectNode) service.at("/spec/template/metadata")).put("name", revision);
    world.apply("hello", service);
    world.seconds(2);
  }

  private String revisionOf(String host) {
    return world.sendTo(host).revision.name();
  }

  @Test
  void aServiceHasAConfigurationARouteARevisionAndAPlaceholder() {
    ObjectNode service = service("[]");
    ((ObjectNode) service.path("metadata")).putObject("labels").put("team", "blue");
    ((ObjectNode) service.path("metadata"))
        .putObject("annotations")
        .put("serving.knative.dev/creator", "ann")
        .put("serving.knative.dev/lastModifier", "bob")
        .put("juicy", "jamba")
        .put("kubectl.kubernetes.io/last-applied-configuration", "{}");
    world.apply("hello", service);
    world.seconds(2);

    ApiObject configuration = world.get(CONFIGURATION, "hello");
    ApiObject route = world.get(ROUTE, "hello");
    ApiObject revision = world.get(REVISION, "hello-00001");
    ApiObject placeholder = world.get(ResourceKind.SERVICE, "hello");
    String uid = world.get(World.SERVICES, "hello").uid();
    for (ApiObject child : List.of(configuration, route)) {
      assertThat(child.labels())
          .containsEntry("team", "blue")
          .containsEntry("serving.knative.dev/service", "hello")
          .containsEntry("serving.knative.dev/serviceUID", uid);
      assertThat(child.annotations())
          .containsEntry("juicy", "jamba")
          .containsEntry("serving.knative.dev/creator", "ann")
          .doesNotContainKey("kubectl.kubernetes.io/last-applied-configuration");
      assertThat(child.json().at("/metadata/ownerReferences/0/uid").asString("")).isEqualTo(uid);
    }
    assertThat(configuration.annotations()).containsEntry("serving.knative.dev/routes", "hello");
    assertThat(revision.labels())
        .containsEntry("serving.knative.dev/configuration", "hello")
        .containsEntry("serving.knative.dev/configurationGeneration", "1")
        .containsEntry("serving.knative.dev/configurationUID", configuration.uid())
        .containsEntry("serving.knative.dev/service", "hello")
        .containsEntry("serving.knative.dev/routingState", "active");
    assertThat(revision.annotations())
        .containsEntry("serving.knative.dev/routes", "hello")
        .containsEntry("serving.knative.dev/creator", "bob")
        .containsKey("serving.knative.dev/routingStateModified");
    assertThat(revision.status().at("/containerStatuses/0/imageDigest").asString(""))
        .startsWith("registry.example/hello@sha256:");
    assertThat(placeholder.labels())
        .containsEntry("serving.knative.dev/route", "hello")
        .containsEntry("serving.knative.dev/service", "hello")
        .containsEntry("team", "blue");
    assertThat(placeholder.annotations()).containsEntry("juicy", "jamba");
    assertThat(placeholder.spec().path("type").asString("")).isEqualTo("ExternalName");
  }

  @Test
  void annotationsThatGoAwayStayWithPlaceholdersAloneAndMakeNoRevision() {
    ObjectNode service = service("[]");
    ((ObjectNode) service.path("metadata")).putObject("annotations").put("juicy", "jamba");
    world.apply("hello", service);
    world.seconds(2);
    world.apply("hello", service("[]"));
    world.seconds(2);

    for (ResourceKind kind : List.of(CONFIGURATION, ROUTE)) {
      assertThat(world.get(kind, "hello").annotations()).doesNotContainKey("juicy");
    }
    assertThat(world.get(ResourceKind.SERVICE, "hello").annotations()).containsKey("juicy");
    assertThat(world.status("hello").path("latestCreatedRevisionName").asString(""))
        .isEqualTo("hello-00001");
  }

  @Test
  void allConditionsAreTrueAndSortedOnceItIsReady() {
    apply("[]");

    assertThat(conditions(ROUTE, "hello"))
        .containsExactly("AllTrafficAssigned", "CertificateProvisioned", "IngressReady", "Ready");
    assertThat(conditions(REVISION, "hello-00001"))
        .containsExactly("ContainerHealthy", "Ready", "ResourcesAvailable");
    assertThat(world.condition(ROUTE, "hello", "CertificateProvisioned"))
        .isEqualTo("True TLSNotEnabled external-domain-tls is not enabled");
    assertThat(world.condition(CONFIGURATION, "hello", "Ready")).isEqualTo("True");
    assertThat(world.condition(REVISION, "hello-00001", "Ready")).isEqualTo("True");
    for (ResourceKind kind : List.of(World.SERVICES, CONFIGURATION, ROUTE)) {
      ApiObject object = world.get(kind, "hello");
      assertThat(object.status().path("observedGeneration").asLong(0))
          .isEqualTo(object.generation());
    }
  }

  private List<String> conditions(ResourceKind kind, String name) {
    return world
        .get(kind, name)
        .status()
        .path("conditions")
        .valueStream()
        .map(condition -> condition.path("type").asString(""))
        .toList();
  }

  @Test
  void trafficIsSplitAndTagsHaveHostsOfTheirOwn() {
    apply("[]");
    apply(
        """
        [{"revisionName": "hello-00001", "percent": 50, "tag": "blue"},
         {"latestRevision": true, "percent": 50, "tag": "green"}]
        """,
        "target",
        "7");

    assertThat(revisionOf("blue-hello.default.example.test")).isEqualTo("hello-00001");
    assertThat(revisionOf("green-hello.default.svc.cluster.local")).isEqualTo("hello-00002");
    int first = 0;
    for (int i = 0; i < 100; i++) {
      first += revisionOf("hello.default.example.test").equals("hello-00001") ? 1 : 0;
    }
    assertThat(first).isEqualTo(50);
    assertThat(world.status("hello").path("traffic"))
        .isEqualTo(
            ApiJson.mapper()
                .readTree(
                    """
                    [{"latestRevision": false, "percent": 50, "revisionName": "hello-00001",
                      "tag": "blue", "url": "http://blue-hello.default.example.test:8080"},
                     {"latestRevision": true, "percent": 50, "revisionName": "hello-00002",
                      "tag": "green", "url": "http://green-hello.default.example.test:8080"}]
                    """));
    assertThat(world.store.get(ResourceKind.SERVICE, "default", "blue-hello")).isPresent();
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");

    apply("[]", "target", "7");
    assertThat(world.store.get(ResourceKind.SERVICE, "default", "blue-hello")).isEmpty();
    assertThat(revisionOf("blue-hello.default.example.test"))
        .isEqualTo("blue-hello.default.example.test"); // nobody's
  }

  @Test
  void aPinnedRevisionKeepsTheTrafficAndTheNewOneIsBehindItsTag() {
    apply("[]", "window", "6s");
    String traffic =
        """
        [{"revisionName": "hello-00001", "percent": 100, "tag": "current"},
         {"latestRevision": true, "percent": 0, "tag": "latest"}]
        """;
    apply(traffic, "window", "6s");
    assertThat(revisionOf("latest-hello.default.example.test")).isEqualTo("hello-00001");
    apply(traffic, "window", "7s");

    assertThat(revisionOf("hello.default.example.test")).isEqualTo("hello-00001");
    assertThat(revisionOf("latest-hello.default.example.test")).isEqualTo("hello-00002");
    assertThat(world.routing("hello-00001").state()).isEqualTo(Routing.State.ACTIVE);
    assertThat(world.routing("hello-00002").state()).isEqualTo(Routing.State.ACTIVE);
  }

  @Test
  void aRolloutMovesTheTrafficLittleByLittleAlsoPastARestart() {
    apply("[]");
    ObjectNode service = service("[]", "target", "7");
    ((ObjectNode) service.path("metadata"))
        .putObject("annotations")
        .put("serving.knative.dev/rollout-duration", "100s");
    world.apply("hello", service);
    world.seconds(3);
    assertThat(shares()).startsWith("hello-00001 9").contains("hello-00002");
    assertThat(world.condition("hello", "RoutesReady"))
        .isEqualTo(
            "Unknown RolloutInProgress A gradual rollout of the latest revision(s) is in progress.");

    world.seconds(48);
    world.restartDaemon();
    int half = world.status("hello").at("/traffic/1/percent").asInt(0);
    assertThat(half).isBetween(40, 55);
    assertThat(world.gateway.table.hosts().get("hello.default.example.test").targets())
        .containsExactly(
            new RouteTable.Target(World.revision("hello-00001"), 100 - half),
            new RouteTable.Target(World.revision("hello-00002"), half));
    world.seconds(65);

    assertThat(shares()).isEqualTo("hello-00002 100");
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
    assertThat(world.routing("hello-00001").state()).isEqualTo(Routing.State.RESERVE);
  }

  private String shares() {
    return world
        .status("hello")
        .path("traffic")
        .valueStream()
        .map(
            share -> share.path("revisionName").asString("") + " " + share.path("percent").asInt(0))
        .collect(Collectors.joining(", "));
  }

  @Test
  void rollbackLeadsToARevisionThatHadGoneToZero() {
    apply("[]", "window", "6s");
    apply("[]", "window", "7s");
    world.seconds(60);
    assertThat(world.routing("hello-00001").state()).isEqualTo(Routing.State.RESERVE);
    assertThat(world.sandboxes()).isEmpty();

    apply("[{\"revisionName\": \"hello-00001\", \"percent\": 100}]", "window", "7s");
    FakeDataPlane.Request request = world.send("hello");
    world.seconds(1);

    assertThat(request.revision.name()).isEqualTo("hello-00001");
    assertThat(request.instance).isPresent();
    assertThat(world.routing("hello-00001")).isEqualTo(new Routing(Routing.State.ACTIVE, "hello"));
    assertThat(world.routing("hello-00002").state()).isEqualTo(Routing.State.RESERVE);
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
  }

  @Test
  void unroutedRevisionKeepsNoInstancesWhateverItsLeastScale() {
    apply("[]", "min-scale", "1");
    assertThat(world.sandboxes()).hasSize(1);
    apply("[]", "min-scale", "2");
    world.seconds(120);

    assertThat(world.sandboxes()).hasSize(2);
    assertThat(world.gateway.endpoints(World.revision("hello-00001"))).isEmpty();
  }

  @Test
  void namesOfUsersAreKeptAndUsedAgainAtARollback() {
    named("hello-one", "[]", "target", "5");
    named("hello-two", "[]", "target", "6");
    named("hello-one", "[]", "target", "5");

    assertThat(revisionOf("hello.default.example.test")).isEqualTo("hello-one");
    assertThat(world.status("hello").path("latestReadyRevisionName").asString(""))
        .isEqualTo("hello-one");
    assertThat(world.store.list(REVISION, Optional.empty()).items()).hasSize(2);
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
  }

  @Test
  void aNameThatIsTakenIsToldAndTheTrafficStays() {
    apply("[]");
    ObjectNode other = World.service("hello-b", World.IMAGE, 0);
    world.apply("hello-b", other);
    world.seconds(2);
    named("hello-b-00001", "[]", "target", "9");

    assertThat(world.condition("hello", "ConfigurationsReady"))
        .isEqualTo(
            "False RevisionFailed Revision creation failed with message:"
                + " revisions.serving.knative.dev \"hello-b-00001\" already exists.");
    assertThat(world.condition("hello", "RoutesReady"))
        .isEqualTo(
            "False RevisionNameTaken The revision name \"hello-b-00001\" is taken by a conflicting"
                + " Revision, so traffic will not be migrated");
    assertThat(revisionOf("hello.default.example.test")).isEqualTo("hello-00001");
  }

  @Test
  void trafficToARevisionThatDoesNotExistIsToldAndTheOldTrafficStays() {
    apply("[]");
    apply("[{\"revisionName\": \"hello-none\", \"percent\": 100}]");

    assertThat(world.condition("hello", "RoutesReady"))
        .isEqualTo(
            "False RevisionMissing Revision \"hello-none\" referenced in traffic not found.");
    assertThat(revisionOf("hello.default.example.test")).isEqualTo("hello-00001");
    world.restartDaemon();
    assertThat(revisionOf("hello.default.example.test")).isEqualTo("hello-00001");
  }

  @Test
  void configurationAndRouteOfAUserWorkWithoutAService() {
    ObjectNode configuration = World.service("plain", World.IMAGE, 0);
    configuration.put("kind", "Configuration");
    world.store.create(CONFIGURATION, new ApiObject(configuration));
    world.seconds(2);
    ObjectNode route = World.service("way", World.IMAGE, 0);
    route.put("kind", "Route");
    ((ObjectNode) route.path("spec")).remove("template");
    ((ObjectNode) route.path("spec"))
        .set(
            "traffic",
            ApiJson.mapper().readTree("[{\"configurationName\": \"plain\", \"percent\": 100}]"));
    world.store.create(ROUTE, new ApiObject(route));
    world.seconds(2);

    assertThat(world.condition(CONFIGURATION, "plain", "Ready")).isEqualTo("True");
    assertThat(world.condition(ROUTE, "way", "Ready")).isEqualTo("True");
    assertThat(revisionOf("way.default.example.test")).isEqualTo("plain-00001");
    assertThat(world.routing("plain-00001")).isEqualTo(new Routing(Routing.State.ACTIVE, "way"));
    Map<String, String> env = world.sandboxes().getFirst().spec().process().env();
    assertThat(env)
        .containsEntry("K_SERVICE", "")
        .containsEntry("K_CONFIGURATION", "plain")
        .containsEntry("K_REVISION", "plain-00001");

    world.apply("plain", World.IMAGE);
    world.seconds(2);
    assertThat(world.condition("plain", "ConfigurationsReady"))
        .isEqualTo(
            "False NotOwned There is an existing Configuration \"plain\" that we do not own.");
    world.delete(CONFIGURATION, "plain");
    world.seconds(5);
    assertThat(world.condition("plain", "Ready")).isEqualTo("True"); // it has made its own
    assertThat(revisionOf("way.default.example.test")).isEqualTo("plain-00001");
  }

  @Test
  void localServiceHasNoPublicHost() {
    ObjectNode service = service("[]");
    ((ObjectNode) service.path("metadata"))
        .putObject("labels")
        .put("networking.knative.dev/visibility", "cluster-local");
    world.apply("hello", service);
    world.seconds(2);

    assertThat(world.gateway.table.hosts())
        .containsKey("hello.default.svc.cluster.local")
        .doesNotContainKey("hello.default.example.test");
    assertThat(world.status("hello").path("url").asString(""))
        .isEqualTo("http://hello.default.svc.cluster.local");
  }

  @Test
  void someoneElsesServiceOfTheNameIsLeftAlone() {
    ObjectNode foreign = ApiJson.object();
    foreign.putObject("metadata").put("namespace", "default").put("name", "hello");
    foreign.putObject("spec").put("type", "ClusterIP");
    world.store.create(ResourceKind.SERVICE, new ApiObject(foreign));
    apply("[]");
    world.delete("hello");
    world.seconds(2);

    assertThat(world.get(ResourceKind.SERVICE, "hello").spec().path("type").asString(""))
        .isEqualTo("ClusterIP");
  }

  @Test
  void oldRevisionsAreDeletedAsTheConfigMapSays() {
    ObjectNode map = ApiJson.object();
    map.putObject("metadata").put("namespace", "knative-serving").put("name", "config-gc");
    map.putObject("data")
        .put("min-non-active-revisions", "0")
        .put("retain-since-create-time", "1s")
        .put("retain-since-last-active-time", "1s");
    world.store.create(ResourceKind.CONFIG_MAP, new ApiObject(map));
    world.restartDaemon();
    apply("[]", "target", "5", "serving.knative.dev/no-gc", "true");
    apply("[]", "target", "6");
    apply("[]", "target", "7");
    world.seconds(60);

    assertThat(world.store.get(REVISION, "default", "hello-00001")).isPresent();
    assertThat(world.store.get(REVISION, "default", "hello-00002")).isEmpty();
    assertThat(world.store.get(REVISION, "default", "hello-00003")).isPresent();
  }

  @Test
  void deletingAServiceDeletesAllThatItMade() {
    apply("[{\"latestRevision\": true, \"percent\": 100, \"tag\": \"it\"}]");
    world.delete("hello");
    world.seconds(2);

    for (ResourceKind kind : List.of(CONFIGURATION, ROUTE, REVISION, ResourceKind.SERVICE)) {
      assertThat(world.store.list(kind, Optional.empty()).items()).as(kind.plural()).isEmpty();
    }
    assertThat(world.sandboxes()).isEmpty();
  }

  @Test
  void aChildThatIsDeletedIsMadeAgain() {
    apply("[]");
    world.delete(ROUTE, "hello");
    world.seconds(1);
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
    world.delete(CONFIGURATION, "hello");
    world.seconds(3);

    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
    assertThat(world.send("hello").revision.name()).isEqualTo("hello-00001");
  }

  @Test
  void aRevisionThatIsDeletedIsGone() {
    apply("[]");
    apply("[]", "target", "7");
    world.delete(REVISION, "hello-00001");
    world.seconds(2);

    assertThat(world.gateway.forgotten).contains(World.revision("hello-00001"));
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
  }

  @Test
  void nothingIsWrittenWhileNothingChanges() {
    apply("[]", "window", "6s");
    world.seconds(60);
    long version = world.store.list(World.SERVICES, Optional.empty()).version();
    world.seconds(600);

    assertThat(world.store.list(World.SERVICES, Optional.empty()).version()).isEqualTo(version);
  }

  @Test
  void revisionsOfAnEarlierSkepGetAConfigurationAndStayReady() {
    world.store.create(World.SERVICES, new ApiObject(service("[]")));
    world.restartDaemon(); // before anything was written
    ApiObject service = world.get(World.SERVICES, "hello");
    ObjectNode former = ApiJson.object();
    ObjectNode metadata = former.putObject("metadata");
    metadata.put("namespace", "default").put("name", "hello-00003");
    metadata
        .putObject("labels")
        .put("serving.knative.dev/service", "hello")
        .put("serving.knative.dev/serviceUID", service.uid())
        .put("serving.knative.dev/configuration", "hello")
        .put("serving.knative.dev/configurationGeneration", "3");
    metadata.putObject("annotations").put("skep.dev/template", "{}");
    former.set("spec", service.spec().at("/template/spec"));
    world.store.create(REVISION, new ApiObject(former));
    world.store.updateStatus(
        REVISION,
        "default",
        "hello-00003",
        status -> {
          status.putArray("conditions").addObject().put("type", "Ready").put("status", "True");
          return status;
        });
    world.restartDaemon();
    world.seconds(3);

    assertThat(world.status("hello").path("latestReadyRevisionName").asString(""))
        .isEqualTo("hello-00003");
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
    assertThat(world.coldStarts.list(_ -> true, 10)).isEmpty();
    assertThat(world.get(REVISION, "hello-00003").annotations())
        .doesNotContainKey("skep.dev/template");
    apply("[]", "target", "8");
    apply("[]", "target", "9");
    assertThat(world.send("hello").revision.name()).isEqualTo("hello-00004");
  }
}
