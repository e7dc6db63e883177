package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Where the gateway leads the hosts of a Route. */
final class IngressViewTest {
  private static final String ROUTE =
      """
      {"apiVersion": "serving.knative.dev/v1", "kind": "Route",
       "metadata": {"namespace": "default", "name": "hello", "uid": "route-1",
         "creationTimestamp": "2026-01-01T00:00:00Z",
         "labels": {"serving.knative.dev/service": "hello"}, "annotations": %s},
       "status": {"url": "http://hello.default.example.test:8080",
         "conditions": [{"type": "IngressReady", "status": "True", "lastTransitionTime": "%s"}],
         "traffic": [
           {"revisionName": "hello-00001", "percent": 30},
           {"revisionName": "hello-00002", "percent": 70, "latestRevision": true},
           {"revisionName": "hello-00001", "tag": "old",
            "url": "http://old-hello.default.example.test:8080"}]}}
      """;

  private final FakeStore store = new FakeStore();

  private JsonNode ingress(String annotations, String time) {
    byte[] route = ROUTE.formatted(annotations, time).getBytes(StandardCharsets.UTF_8);
    return IngressView.now(store).of(new ApiObject(ApiJson.parse(route))).json();
  }

  private static String hosts(JsonNode ingress, int rule) {
    return ingress.at("/spec/rules/" + rule + "/hosts").toString();
  }

  @Test
  void leadsEachHostToItsShares() {
    JsonNode ingress = ingress("{}", "2026-01-02T00:00:00Z");
    assertThat(ingress.at("/metadata/ownerReferences/0/kind").asString()).isEqualTo("Route");
    assertThat(ingress.at("/metadata/labels/serving.knative.dev~1route").asString())
        .isEqualTo("hello");
    assertThat(ingress.at("/spec/httpOption").asString()).isEqualTo("Enabled");
    JsonNode rules = ingress.at("/spec/rules");
    assertThat(rules.size()).isEqualTo(4);
    assertThat(hosts(ingress, 0))
        .isEqualTo("[\"hello.default\",\"hello.default.svc\",\"hello.default.svc.cluster.local\"]");
    assertThat(rules.at("/0/visibility").asString()).isEqualTo("ClusterLocal");
    assertThat(hosts(ingress, 1)).isEqualTo("[\"hello.default.example.test\"]");
    assertThat(rules.at("/1/visibility").asString()).isEqualTo("ExternalIP");
    assertThat(rules.at("/1/http/paths/0/splits/1"))
        .isEqualTo(
            ApiJson.parse(
                """
                {"appendHeaders": {"Knative-Serving-Namespace": "default",
                   "Knative-Serving-Revision": "hello-00002"},
                 "percent": 70, "serviceName": "hello-00002", "serviceNamespace": "default",
                 "servicePort": 80}
                """
                    .getBytes(StandardCharsets.UTF_8)));
    assertThat(hosts(ingress, 3)).isEqualTo("[\"old-hello.default.example.test\"]");
    assertThat(rules.at("/3/http/paths/0/splits").size()).isEqualTo(1);
    assertThat(rules.at("/3/http/paths/0/splits/0/percent").asInt()).isEqualTo(100);
    assertThat(ingress.at("/status/conditions/2/type").asString()).isEqualTo("Ready");
    assertThat(ingress.at("/status/conditions/2/status").asString()).isEqualTo("True");
  }

  @Test
  void namesTagsAsTheConfigMapSays() {
    var map = ApiJson.object().put("apiVersion", "v1").put("kind", "ConfigMap");
    map.putObject("metadata").put("namespace", "knative-serving").put("name", "config-network");
    map.putObject("data").put("tag-template", "{{.Name}}-{{.Tag}}");
    store.create(ResourceKind.CONFIG_MAP, new ApiObject(map));
    assertThat(hosts(ingress("{}", ""), 2)).startsWith("[\"hello-old.default\"");
  }

  @Test
  void saysWhetherHttpIsRedirected() {
    JsonNode ingress = ingress("{\"networking.knative.dev/http-protocol\": \"Redirected\"}", "");
    assertThat(ingress.at("/spec/httpOption").asString()).isEqualTo("Redirected");
  }

  @Test
  void livesWithTimesThatClientsHaveWritten() {
    assertThat(ingress("{}", "soon").at("/status/conditions/0/lastTransitionTime").asString())
        .isEqualTo("1970-01-01T00:00:00Z");
  }
}
