package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What Knative would have made of a Revision, beside its pods. */
final class RevisionViewsTest {
  private static final Instant SINCE = Instant.parse("2026-01-02T00:00:00Z");

  private static ApiObject revision() {
    return new ApiObject(
        parse(
            """
            {"apiVersion": "serving.knative.dev/v1", "kind": "Revision",
             "metadata": {"namespace": "default", "name": "hello-00001", "uid": "rev-1",
               "creationTimestamp": "2026-01-01T00:00:00Z",
               "labels": {"serving.knative.dev/service": "hello",
                 "serving.knative.dev/configuration": "hello",
                 "serving.knative.dev/routingState": "active"},
               "annotations": {"autoscaling.knative.dev/window": "20s"}},
             "spec": {"containerConcurrency": 3, "containers": [
               {"name": "user-container", "image": "hello:1",
                "ports": [{"name": "h2c", "containerPort": 8080}]}]},
             "status": {"conditions": [{"type": "Ready", "status": "True"}],
               "containerStatuses": [
                 {"name": "user-container", "imageDigest": "r/hello@sha256:aa"}]}}
            """));
  }

  private static ObjectNode parse(String json) {
    return ApiJson.parse(json.getBytes(StandardCharsets.UTF_8));
  }

  private static ScalingView scale(int desired, int ready) {
    String policy = "kpa.autoscaling.knative.dev";
    return new ScalingView(
        "default", "hello", "hello-00001", policy, "", desired, ready, "LOAD", "", SINCE, SINCE);
  }

  /** As {@code Type=Status(Reason)}, in their order. */
  private static String conditions(JsonNode object) {
    var text = new StringBuilder();
    for (JsonNode condition : object.at("/status/conditions")) {
      text.append(condition.path("type").asString())
          .append('=')
          .append(condition.path("status").asString())
          .append(condition.has("reason") ? "(" + condition.path("reason").asString() + ") " : " ");
    }
    return text.toString().strip();
  }

  @Test
  void podAutoscalerSaysHowItIsScaled() {
    JsonNode kpa = RevisionViews.podAutoscaler(revision(), Optional.of(scale(2, 1))).json();
    assertThat(kpa.at("/metadata/name").asString()).isEqualTo("hello-00001");
    assertThat(kpa.at("/metadata/ownerReferences/0/kind").asString()).isEqualTo("Revision");
    assertThat(kpa.at("/metadata/ownerReferences/0/uid").asString()).isEqualTo("rev-1");
    assertThat(kpa.at("/metadata/labels/app").asString()).isEqualTo("hello-00001");
    assertThat(kpa.at("/metadata/labels/serving.knative.dev~1revisionUID").asString())
        .isEqualTo("rev-1");
    assertThat(kpa.at("/metadata/annotations/autoscaling.knative.dev~1window").asString())
        .isEqualTo("20s");
    assertThat(kpa.path("spec"))
        .isEqualTo(
            parse(
                """
                {"containerConcurrency": 3, "protocolType": "h2c", "reachability": "Reachable",
                 "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment",
                   "name": "hello-00001-deployment"}}
                """));
    assertThat(kpa.at("/status/desiredScale").asInt()).isEqualTo(2);
    assertThat(kpa.at("/status/actualScale").asInt()).isEqualTo(1);
    assertThat(kpa.at("/status/metricsServiceName").asString()).isEqualTo("hello-00001-private");
    assertThat(conditions(kpa))
        .isEqualTo("Active=True Ready=True SKSReady=True ScaleTargetInitialized=True");
    assertThat(kpa.at("/status/conditions/0/lastTransitionTime").asString())
        .isEqualTo("2026-01-02T00:00:00Z");
  }

  @Test
  void podAutoscalerAtZeroGetsNoTraffic() {
    JsonNode kpa = RevisionViews.podAutoscaler(revision(), Optional.of(scale(0, 0))).json();
    assertThat(conditions(kpa))
        .isEqualTo(
            "Active=False(NoTraffic) Ready=False(NoTraffic) SKSReady=Unknown(NotReady)"
                + " ScaleTargetInitialized=True");
    assertThat(kpa.at("/status/actualScale").isNumber()).isTrue();
  }

  @Test
  void podAutoscalerWaitsForInstances() {
    JsonNode kpa = RevisionViews.podAutoscaler(revision(), Optional.of(scale(1, 0))).json();
    assertThat(conditions(kpa)).startsWith("Active=Unknown(Queued) Ready=Unknown(Queued)");
  }

  @Test
  void metricAndServerlessServiceBelongToThePodAutoscaler() {
    JsonNode kpa = RevisionViews.podAutoscaler(revision(), Optional.empty()).json();
    JsonNode metric = RevisionViews.metric(revision()).json();
    JsonNode sks = RevisionViews.serverlessService(revision(), Optional.of(scale(1, 1))).json();
    for (JsonNode each : new JsonNode[] {metric, sks}) {
      JsonNode owners = each.at("/metadata/ownerReferences");
      assertThat(owners.size()).isEqualTo(1);
      assertThat(owners.at("/0/kind").asString()).isEqualTo("PodAutoscaler");
      assertThat(owners.at("/0/uid")).isEqualTo(kpa.at("/metadata/uid"));
    }
    assertThat(parse(metric.path("spec").toString()))
        .isEqualTo(
            parse(
                """
                {"panicWindow": 2000000000, "stableWindow": 20000000000,
                 "scrapeTarget": "hello-00001-private"}
                """));
    assertThat(conditions(metric)).isEqualTo("Ready=True");
    assertThat(sks.at("/spec/mode").asString()).isEqualTo("Serve");
    assertThat(conditions(sks))
        .isEqualTo(
            "ActivatorEndpointsPopulated=True(ActivatorEndpointsPopulated)"
                + " EndpointsPopulated=True Ready=True");
  }

  @Test
  void serverlessServiceHoldsRequestsAtZero() {
    JsonNode sks = RevisionViews.serverlessService(revision(), Optional.of(scale(0, 0))).json();
    assertThat(sks.at("/spec/mode").asString()).isEqualTo("Proxy");
    assertThat(sks.at("/status/privateServiceName").asString()).isEqualTo("hello-00001-private");
    assertThat(conditions(sks)).endsWith("Ready=Unknown(NoHealthyBackends)");
  }

  @Test
  void imageIsThePinnedOne() {
    JsonNode image = RevisionViews.image(revision()).json();
    assertThat(image.at("/metadata/name").asString()).isEqualTo("hello-00001-cache-user-container");
    assertThat(image.at("/spec/image").asString()).isEqualTo("r/hello@sha256:aa");
  }

  @Test
  void addsTheScaleToARevision() {
    ObjectNode revision = revision().json();
    RevisionViews.addScale(revision, scale(0, 0));
    RevisionViews.addScale(revision, scale(0, 0));
    assertThat(conditions(revision)).isEqualTo("Active=False(NoTraffic) Ready=True");
    assertThat(revision.at("/status/conditions/0/severity").asString()).isEqualTo("Info");
    assertThat(revision.at("/status/actualReplicas").asInt(-1)).isZero();
    assertThat(revision.at("/status/desiredReplicas").asInt(-1)).isZero();
  }
}
