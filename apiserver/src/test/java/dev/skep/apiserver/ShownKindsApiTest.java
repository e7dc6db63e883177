package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.apiserver.RunningApi.Answer;
import dev.skep.store.ResourceKind;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Kinds that are made up when somebody looks. */
class ShownKindsApiTest extends ApiTest {
  private static final String SERVING = "/apis/serving.knative.dev/v1/namespaces/default/";
  private static final String AUTOSCALING =
      "/apis/autoscaling.internal.knative.dev/v1alpha1/namespaces/default/";
  private static final String PODS = "/api/v1/namespaces/default/pods";

  private static final String REVISION =
      """
      {"apiVersion": "serving.knative.dev/v1", "kind": "Revision",
       "metadata": {"name": "hello-00001"}, "spec": {"containers": [{"image": "hello:1"}]}}
      """;

  private static final String ROUTE =
      """
      {"apiVersion": "serving.knative.dev/v1", "kind": "Route", "metadata": {"name": "hello"},
       "spec": {"traffic": [{"revisionName": "hello-00001", "percent": 100}]}}
      """;

  private void create() throws Exception {
    assertThat(api.post(SERVING + "revisions", REVISION).status()).isEqualTo(201);
    assertThat(api.post(SERVING + "routes", ROUTE).status()).isEqualTo(201);
  }

  private static JsonNode next(Iterator<String> lines) {
    String line = lines.next();
    return ApiJson.parse((line.isEmpty() ? lines.next() : line).getBytes(StandardCharsets.UTF_8));
  }

  private static void assertEvent(JsonNode event, String type, String name) {
    assertThat(event.path("type").asString() + " " + event.at("/object/metadata/name").asString())
        .as(event.toString())
        .isEqualTo(type + " " + name);
  }

  @ParameterizedTest
  @CsvSource({
    "autoscaling.internal.knative.dev, podautoscalers, PodAutoscaler, hello-00001",
    "autoscaling.internal.knative.dev, metrics, Metric, hello-00001",
    "networking.internal.knative.dev, serverlessservices, ServerlessService, hello-00001",
    "networking.internal.knative.dev, ingresses, Ingress, hello",
    "caching.internal.knative.dev, images, Image, hello-00001-cache-user-container"
  })
  void areThereToBeRead(String group, String plural, String kind, String name) throws Exception {
    create();
    String path = "/apis/%s/v1alpha1/namespaces/default/%s".formatted(group, plural);
    Answer list = api.get(path);
    assertThat(list.at("/kind")).isEqualTo(kind + "List");
    assertThat(list.json().path("items").size()).isEqualTo(1);
    Answer one = api.get(path + "/" + name);
    assertThat(one.at("/kind")).isEqualTo(kind);
    assertThat(one.at("/metadata/name")).isEqualTo(name);
    assertThat(one.json()).isEqualTo(list.json().at("/items/0"));
    assertThat(one.at("/metadata/resourceVersion")).isNotEmpty();
    Answer elsewhere = api.get("/apis/%s/v1alpha1/namespaces/other/%s".formatted(group, plural));
    assertThat(elsewhere.json().path("items").size()).isZero();
    for (String method : new String[] {"POST", "PUT", "PATCH", "DELETE"}) {
      String target = method.equals("POST") ? path : path + "/" + name;
      Answer refused = api.with(method, target, "application/json", "{}");
      assertThat(refused.status()).as(method).isEqualTo(405);
      assertThat(refused.message()).contains("the server makes them");
    }
    api.delete(SERVING + "revisions/hello-00001");
    api.delete(SERVING + "routes/hello");
    assertThat(api.get(path + "/" + name).status()).isEqualTo(404);
  }

  @Test
  void watchesTellHowTheScaleChanges() throws Exception {
    create();
    Answer list = api.get(AUTOSCALING + "podautoscalers");
    String from = list.at("/metadata/resourceVersion");
    String watch =
        AUTOSCALING + "podautoscalers?watch=true&timeoutSeconds=20&resourceVersion=" + from;
    try (var lines = api.lines(watch)) {
      var events = lines.iterator();
      api.instances.add("one", "hello", "ready");
      JsonNode scaled = next(events);
      assertEvent(scaled, "MODIFIED", "hello-00001");
      assertThat(scaled.at("/object/status/actualScale").asInt()).isEqualTo(1);
      api.delete(SERVING + "revisions/hello-00001");
      assertEvent(next(events), "DELETED", "hello-00001");
    }
  }

  @Test
  void revisionsHaveTheirScale() throws Exception {
    create();
    String path = SERVING + "revisions/hello-00001";
    String status = "{\"status\": {\"conditions\": [{\"type\": \"Ready\", \"status\": \"True\"}]}}";
    api.with("PATCH", path + "/status", "application/merge-patch+json", status);
    assertThat(api.get(path).json().at("/status/conditions").size()).isEqualTo(1);
    api.instances.add("one", "hello", "ready");
    JsonNode one = api.get(path).json();
    assertThat(one.at("/status/actualReplicas").asInt()).isEqualTo(1);
    assertThat(one.at("/status/conditions/0/type").asString()).isEqualTo("Active");
    assertThat(one.at("/status/conditions/1/type").asString()).isEqualTo("Ready");
    assertThat(api.get(SERVING + "revisions").json().at("/items/0")).isEqualTo(one);
    try (var lines = api.lines(SERVING + "revisions?watch=true&timeoutSeconds=20")) {
      assertThat(next(lines.iterator()).path("object")).isEqualTo(one);
    }
    Answer labelled =
        api.with(
            "PATCH",
            path,
            "application/merge-patch+json",
            "{\"metadata\": {\"labels\": {\"x\": \"y\"}}}");
    assertThat(labelled.json().at("/status/desiredReplicas").asInt()).isEqualTo(1);
    assertThat(
            api.store
                .get(ResourceKind.REVISION, "default", "hello-00001")
                .orElseThrow()
                .status()
                .has("desiredReplicas"))
        .isFalse();
  }

  @Test
  void watchesTellOfPodsOfFunctions() throws Exception {
    String from = api.get(PODS).at("/metadata/resourceVersion");
    try (var lines = api.lines(PODS + "?watch=true&timeoutSeconds=20&resourceVersion=" + from)) {
      var events = lines.iterator();
      api.instances.add("one", "hello", "ready");
      assertEvent(next(events), "ADDED", "pod-one");
      api.instances.views.clear();
      assertEvent(next(events), "DELETED", "pod-one");
    }
    assertThat(api.get(PODS).json().path("items").size()).isZero();
  }

  @Test
  void aWatchFromAnEarlierDaemonListsAgain() throws Exception {
    Answer gone = api.get(PODS + "?watch=true&resourceVersion=7");
    assertThat(gone.status()).isEqualTo(410);
  }
}
