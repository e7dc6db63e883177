package dev.skep.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class KnativeServicesTest {
  private static final String CONTAINER = "spec.template.spec.containers[0]";

  @Test
  void fillsInKnativesDefaults() {
    ObjectNode service = service();
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    JsonNode spec = service.at("/spec/template/spec");
    assertThat(spec.path("containerConcurrency").asInt(-1)).isZero();
    assertThat(spec.path("timeoutSeconds").asInt()).isEqualTo(300);
    assertThat(spec.has("responseStartTimeoutSeconds")).isFalse();
    assertThat(spec.path("enableServiceLinks").asBoolean(true)).isFalse();
    JsonNode container = spec.at("/containers/0");
    assertThat(container.path("name").asString()).isEqualTo("user-container");
    assertThat(container.path("resources").toString()).isEqualTo("{}");
    assertThat(container.path("readinessProbe").toString())
        .isEqualTo("{\"tcpSocket\":{\"port\":0},\"successThreshold\":1}");
    assertThat(service.at("/spec/traffic").toString())
        .isEqualTo("[{\"latestRevision\":true,\"percent\":100}]");
  }

  @Test
  void changesNothingMoreTheSecondTime() {
    ObjectNode service = with("/spec/template/spec", "timeoutSeconds", "500");
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    ObjectNode once = service.deepCopy();
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThat(service).isEqualTo(once);
    assertThat(once.at("/spec/template/spec/responseStartTimeoutSeconds").asInt()).isEqualTo(300);
  }

  @Test
  void writesQuantitiesInTheirCanonicalForm() {
    ObjectNode service =
        with(
            "/spec/template/spec/containers/0",
            "resources",
            "{\"requests\": {\"cpu\": 0.5, \"memory\": \"350Mi\"}, \"limits\": {\"cpu\": 1}}");
    assertThat(KnativeKind.SERVICE.prune(service).unknown()).isEmpty();
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThat(service.at("/spec/template/spec/containers/0/resources").toString())
        .isEqualTo(
            "{\"requests\":{\"cpu\":\"500m\",\"memory\":\"350Mi\"},\"limits\":{\"cpu\":\"1\"}}");
    validate(service);
  }

  @Test
  void acceptsWhatItsOwnDefaultsMake() {
    ObjectNode service = service();
    assertThat(KnativeKind.SERVICE.prune(service))
        .isEqualTo(new Findings(java.util.List.of(), java.util.List.of()));
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    validate(service);
    assertThat(KnativeKind.SERVICE.prune(service).unknown()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/spec | foo | unknown field \"spec.foo\"",
        "/spec | tempalte | unknown field \"spec.tempalte\" (did you mean \"spec.template\"?)",
        "/spec/template/spec | containerconcurrency | unknown field \"spec.template.spec.containerconcurrency\" (did you mean \"spec.template.spec.containerConcurrency\"?)",
        "/spec/template/spec/containers/0 | imag | unknown field \"spec.template.spec.containers[0].imag\" (did you mean \"spec.template.spec.containers[0].image\"?)",
        "/metadata | lables | unknown field \"metadata.lables\" (did you mean \"metadata.labels\"?)"
      })
  void namesUnknownFieldsAndTheNearestKnownOne(String where, String field, String message) {
    ObjectNode service = with(where, field, "1");
    assertThat(KnativeKind.SERVICE.prune(service).unknown()).containsExactly(message);
    assertThat(service.at(where).has(field)).isFalse();
  }

  @Test
  void dropsTheNullsThatGoClientsSend() {
    ObjectNode service = with("/spec/template/metadata", "creationTimestamp", "null");
    service.withObject("/metadata").putNull("creationTimestamp");
    service.putObject("status");
    assertThat(KnativeKind.SERVICE.prune(service).unknown()).isEmpty();
    assertThat(service.at("/metadata").has("creationTimestamp")).isFalse();
    assertThat(service.at("/spec/template/metadata").has("creationTimestamp")).isFalse();
  }

  @Test
  void saysWhatIsAcceptedButDoesNothing() {
    ObjectNode service =
        with("/spec/template/spec/containers/0", "startupProbe", "{\"tcpSocket\": {\"port\": 0}}");
    assertThat(KnativeKind.SERVICE.prune(service).withoutEffect())
        .containsExactly(CONTAINER + ".startupProbe");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/spec/template/spec | containerConcurrency | \"7\" | invalid value: \"7\": spec.template.spec.containerConcurrency\\nexpected an integer",
        "/spec/template/spec | containerConcurrency | 1.5 | invalid value: 1.5: spec.template.spec.containerConcurrency",
        "/spec/template/spec | containers | {} | invalid value: {}: spec.template.spec.containers\\nexpected an array",
        "/spec/template/spec/containers/0 | image | 5 | invalid value: 5: spec.template.spec.containers[0].image\\nexpected a string",
        "/spec | template | [] | invalid value: []: spec.template\\nexpected an object",
        "/spec/template/spec/containers/0 | volumeDevices | [] | must not set the field(s): spec.template.spec.containers[0].volumeDevices",
        "/spec/template/spec | nodeSelector | {} | must not set the field(s): spec.template.spec.nodeSelector"
      })
  void refusesWrongTypesAndWhatItDoesNotServe(
      String where, String field, String value, String message) {
    ObjectNode service = with(where, field, value);
    assertThatThrownBy(() -> KnativeKind.SERVICE.prune(service))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("validation failed: " + message.replace("\\n", "\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/metadata | name | \"Bad_Name\" | not a DNS 1035 label: [a DNS-1035 label must consist of",
        "/metadata | name | \"1a\" | not a DNS 1035 label",
        "/metadata | name | \"\" | name or generateName is required: metadata.name",
        "/metadata | labels | {\"a b\": \"c\"} | invalid key name \"a b\": metadata.labels",
        "/metadata | labels | {\"a\": \"c d\"} | invalid value: c d: metadata.labels.a",
        "/metadata | annotations | {\"autoscaling.knative.dev/min-scale\": \"1\"} | autoscaling annotations must be put under \"spec.template.metadata.annotations\" to work",
        "/metadata | annotations | {\"skep.dev/restore\": \"reap\"} | snapshot annotations must be put under \"spec.template.metadata.annotations\" to work",
        "/spec/template/spec | containers | [] | missing field(s): spec.template.spec.containers",
        "/spec/template/spec | containers | [{\"image\":\"a\"},{\"image\":\"b\"}] | multi-container is off, but found 2 containers",
        "/spec/template/spec | containerConcurrency | 1001 | expected 0 <= 1001 <= 1000: spec.template.spec.containerConcurrency",
        "/spec/template/spec | containerConcurrency | -1 | expected 0 <= -1 <= 1000",
        "/spec/template/spec | timeoutSeconds | 601 | expected 0 <= 601 <= 600: spec.template.spec.timeoutSeconds",
        "/spec/template/spec | responseStartTimeoutSeconds | 301 | expected 0 <= 301 <= 300: spec.template.spec.responseStartTimeoutSeconds",
        "/spec/template/spec | idleTimeoutSeconds | 301 | expected 0 <= 301 <= 300",
        "/spec/template/spec | serviceAccountName | \"foo@bar.baz\" | foo@bar.baz: spec.template.spec.serviceAccountName\\na lowercase RFC 1123 subdomain",
        "/spec/template/spec/containers/0 | image | \"\" | missing field(s): spec.template.spec.containers[0].image",
        "/spec/template/spec/containers/0 | image | \"a b\" | Failed to parse image reference: spec.template.spec.containers[0].image\\nimage: \"a b\"",
        "/spec/template/spec/containers/0 | image | \"UPPER\" | Failed to parse image reference",
        "/spec/template/spec/containers/0 | name | \"queue-proxy\" | \"queue-proxy\" is a reserved container name",
        "/spec/template/spec/containers/0 | env | [{\"name\": \"PORT\"}] | \"PORT\" is a reserved environment variable: spec.template.spec.containers[0].env[0].name",
        "/spec/template/spec/containers/0 | env | [{\"value\": \"x\"}] | missing field(s): spec.template.spec.containers[0].env[0].name",
        "/spec/template/spec/containers/0 | ports | [{\"containerPort\": 1}, {\"containerPort\": 2}] | more than one container port is set: spec.template.spec.containers[0].ports",
        "/spec/template/spec/containers/0 | ports | [{\"containerPort\": 8012}] | invalid value: 8012 is a reserved port: spec.template.spec.containers[0].ports[0].containerPort",
        "/spec/template/spec/containers/0 | ports | [{\"containerPort\": 65536}] | expected 0 <= 65536 <= 65535",
        "/spec/template/spec/containers/0 | ports | [{\"containerPort\": 80, \"name\": \"web\"}] | Port name web is not allowed: spec.template.spec.containers[0].ports[0].name\\nName must be empty, or one of: 'h2c', 'http1'",
        "/spec/template/spec/containers/0 | ports | [{\"containerPort\": 80, \"protocol\": \"UDP\"}] | invalid value: UDP",
        "/spec/template/spec/containers/0 | resources | {\"limits\": {\"cpu\": \"much\"}} | invalid value: much: spec.template.spec.containers[0].resources.limits.cpu\\n\"much\": quantities must match",
        "/spec/template/spec/containers/0 | resources | {\"limits\": {\"memory\": \"-1\"}} | invalid value: -1: spec.template.spec.containers[0].resources.limits.memory\\nexpected more than 0",
        "/spec/template/spec/containers/0 | resources | {\"limits\": {\"cpu\": \"1000\"}} | expected: more than 0, at most 256",
        "/spec/template/spec/containers/0 | resources | {\"limits\": {\"gpu\": \"1\"}} | must not set the field(s): spec.template.spec.containers[0].resources.limits.gpu",
        "/spec/template/spec/containers/0 | resources | {\"requests\": {\"cpu\": \"2\"}, \"limits\": {\"cpu\": \"1\"}} | must be less than or equal to cpu limit of 1",
        "/spec/template/spec/containers/0 | workingDir | \"tmp\" | invalid value: tmp: spec.template.spec.containers[0].workingDir",
        "/spec/template/spec/containers/0 | securityContext | {\"runAsUser\": -1} | expected 0 <= -1 <= 2147483647: spec.template.spec.containers[0].securityContext.runAsUser",
        "/spec/template/spec/containers/0 | readinessProbe | {\"exec\": {\"command\": [\"a\"]}, \"tcpSocket\": {}} | expected exactly one, got both: spec.template.spec.containers[0].readinessProbe.exec, spec.template.spec.containers[0].readinessProbe.tcpSocket",
        "/spec/template/spec/containers/0 | env | [{\"name\": \"A\", \"valueFrom\": {}}] | expected exactly one, got neither: spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef",
        "/spec/template/spec/containers/0 | env | [{\"name\": \"A\", \"value\": \"1\", \"valueFrom\": {\"secretKeyRef\": {\"name\": \"s\", \"key\": \"k\"}}}] | may not be specified when `value` is not empty",
        "/spec/template/spec/containers/0 | env | [{\"name\": \"A\", \"valueFrom\": {\"secretKeyRef\": {\"name\": \"s\"}}}] | missing field(s): spec.template.spec.containers[0].env[0].valueFrom.secretKeyRef.key",
        "/spec/template/spec/containers/0 | envFrom | [{\"configMapRef\": {\"name\": \"Bad\"}}] | invalid value: Bad: spec.template.spec.containers[0].envFrom[0].configMapRef.name",
        "/spec/template/spec/containers/0 | readinessProbe | {\"failureThreshold\": 2} | failureThreshold is disallowed when periodSeconds is zero",
        "/spec/template/spec/containers/0 | readinessProbe | {\"timeoutSeconds\": 2} | timeoutSeconds is disallowed when periodSeconds is zero",
        "/spec/template/spec/containers/0 | readinessProbe | {\"httpGet\": {\"port\": \"web\"}} | invalid value: web: spec.template.spec.containers[0].readinessProbe.httpGet.port",
        "/spec/template/spec/containers/0 | readinessProbe | {\"periodSeconds\": -1} | expected 0 <= -1 <= 3600"
      })
  void refusesInKnativesWords(String where, String field, String value, String message) {
    ObjectNode service = with(where, field, value);
    KnativeKind.SERVICE.prune(service);
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatThrownBy(() -> validate(service))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(SkepException.Code.INVALID))
        .hasMessageStartingWith("validation failed: ")
        .hasMessageContaining(message.replace("\\n", "\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "min-scale | -1 | expected 0 <= -1 <= 2147483647: spec.template.metadata.annotations.autoscaling.knative.dev/min-scale",
        "minScale | x | invalid value: x: spec.template.metadata.annotations.autoscaling.knative.dev/minScale",
        "initial-scale | -1 | expected 0 <= -1 <= 2147483647",
        "activation-scale | 1 | activation-scale=1 must be greater than 1",
        "target | 0.001 | target 0.001 should be at least 0.01",
        "target-utilization-percentage | 101 | expected 1 <= 101 <= 100",
        "panic-threshold-percentage | 100 | expected 110 <= 100 <= 1000",
        "target-burst-capacity | -2 | expected -1 <= -2 <= infinity",
        "target-burst-capacity | -0.5 | expected -1 <= -0.5 <= infinity",
        "window | 5s | expected 6s <= 5s <= 1h0m0s",
        "window | 2h | expected 6s <= 2h <= 1h0m0s",
        "window | 6500ms | must be specified with at most second precision",
        "window | soon | invalid value: soon",
        "scale-down-delay | 61m | expected 0s <= 61m <= 1h0m0s",
        "class | hpa.autoscaling.knative.dev | invalid value: hpa.autoscaling.knative.dev",
        "metric | cpu | expected concurrency or rps",
        "metric-aggregation-algorithm | x | expected linear or weighted-exponential"
      })
  void refusesBadScalingAnnotations(String name, String value, String message) {
    ObjectNode service = service();
    annotate(service, name, value);
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatThrownBy(() -> validate(service)).hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "skep.dev/snapshot | always | invalid value: always: spec.template.metadata.annotations.skep.dev/snapshot\\nexpected auto, never or after-N",
        "skep.dev/snapshot | after-0 | invalid value: after-0",
        "skep.dev/snapshot | after-1000000 | N from 1 to 999999",
        "skep.dev/snapshot | after- | invalid value: after-",
        "skep.dev/snapshot | Auto | invalid value: Auto",
        "skep.dev/restore | fast | invalid value: fast: spec.template.metadata.annotations.skep.dev/restore\\nexpected one of auto, boot, file, prefetch, lazy, reap",
        "skep.dev/restore | '' | invalid value: ",
        "skep.dev/sandbox | gvisr | invalid value: gvisr: spec.template.metadata.annotations.skep.dev/sandbox\\nexpected one of microvm, gvisor, container (did you mean gvisor?)",
        "skep.dev/snapshots | auto | invalid key name \"skep.dev/snapshots\": spec.template.metadata.annotations\\nno such annotation (did you mean skep.dev/snapshot?)"
      })
  void refusesBadAnnotationsOfOurs(String name, String value, String message) {
    ObjectNode service = service();
    service.withObject("/spec/template/metadata/annotations").put(name, value);
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatThrownBy(() -> validate(service)).hasMessageContaining(message.replace("\\n", "\n"));
  }

  @ParameterizedTest
  @CsvSource({
    "skep.dev/snapshot, auto",
    "skep.dev/snapshot, never",
    "skep.dev/snapshot, after-1",
    "skep.dev/snapshot, after-999999",
    "skep.dev/restore, auto",
    "skep.dev/restore, reap",
    "skep.dev/sandbox, container",
    "skep.example/restore, anything"
  })
  void acceptsGoodAnnotationsOfOurs(String name, String value) {
    ObjectNode service = service();
    service.withObject("/spec/template/metadata/annotations").put(name, value);
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatCode(() -> validate(service)).doesNotThrowAnyException();
  }

  @Test
  void runtimeClassNamesTheSandbox() {
    ObjectNode service = service();
    service.withObject("/spec/template/spec").put("runtimeClassName", "gvisor");
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    validate(service);
    assertThat(ServiceTemplates.revision(new ApiObject(service)).sandbox()).contains("gvisor");
  }

  @Test
  void refusesARuntimeClassThatNamesNoSandboxOrAnotherThanTheAnnotation() {
    ObjectNode service = service();
    service.withObject("/spec/template/spec").put("runtimeClassName", "runc");
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatThrownBy(() -> validate(service))
        .hasMessageContaining("expected one of microvm, gvisor, container");
    service.withObject("/spec/template/spec").put("runtimeClassName", "gvisor");
    service.withObject("/spec/template/metadata/annotations").put("skep.dev/sandbox", "microvm");
    assertThatThrownBy(() -> validate(service))
        .hasMessageContaining("the annotation skep.dev/sandbox says microvm");
  }

  @Test
  void refusesAMaximumBelowTheMinimum() {
    ObjectNode service = service();
    annotate(service, "min-scale", "3");
    annotate(service, "maxScale", "2");
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatThrownBy(() -> validate(service))
        .hasMessageContaining("max-scale=2 is less than min-scale=3");
  }

  @Test
  void acceptsGoodScalingAnnotations() {
    ObjectNode service = service();
    annotate(service, "min-scale", "1");
    annotate(service, "max-scale", "0");
    annotate(service, "window", "1m30s");
    annotate(service, "target", "0.5");
    annotate(service, "target-burst-capacity", "-1");
    annotate(service, "metric", "rps");
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatCode(() -> validate(service)).doesNotThrowAnyException();
  }

  @Test
  void tellsEqualProblemsOnce() {
    ObjectNode service =
        with("/spec/template/spec/containers/0", "env", "[{\"value\": \"x\"}, {\"value\": \"y\"}]");
    service.withObject("/spec/template/spec").put("timeoutSeconds", 700);
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatThrownBy(() -> validate(service))
        .hasMessage(
            "validation failed: expected 0 <= 700 <= 600: spec.template.spec.timeoutSeconds\n"
                + "missing field(s): spec.template.spec.containers[0].env[0].name,"
                + " spec.template.spec.containers[0].env[1].name");
  }

  @Test
  void keepsTheCreatorAsItIs() {
    ObjectNode old = service();
    old.withObject("/metadata/annotations").put("serving.knative.dev/creator", "a");
    ObjectNode changed = service();
    changed.withObject("/metadata/annotations").put("serving.knative.dev/creator", "b");
    KnativeKind.SERVICE.applyDefaults(changed, Optional.empty());
    assertThatThrownBy(
            () ->
                KnativeKind.SERVICE.validate(
                    new ApiObject(changed), Optional.of(new ApiObject(old))))
        .hasMessageContaining(
            "annotation value is immutable: metadata.annotations.serving.knative.dev/creator");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hello",
        "library/hello:1.0",
        "localhost:5000/a/b:tag",
        "127.0.0.1:5000/hello",
        "ghcr.io/a/b-c_d@sha256:0123456789012345678901234567890123456789012345678901234567890123",
        "dev.local/x"
      })
  void acceptsImageReferences(String image) {
    ObjectNode service = service();
    ((ObjectNode) service.at("/spec/template/spec/containers/0")).put("image", image);
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatCode(() -> validate(service)).doesNotThrowAnyException();
  }

  private static void validate(ObjectNode service) {
    KnativeKind.SERVICE.validate(new ApiObject(service), Optional.empty());
  }

  private static void annotate(ObjectNode service, String name, String value) {
    service
        .withObject("/spec/template/metadata/annotations")
        .put("autoscaling.knative.dev/" + name, value);
  }

  private static ObjectNode with(String where, String field, String value) {
    ObjectNode service = service();
    ((ObjectNode) service.at(where)).set(field, ApiJson.mapper().readTree(value));
    return service;
  }

  private static ObjectNode service() {
    return (ObjectNode)
        ApiJson.mapper()
            .readTree(
                """
                {"apiVersion": "serving.knative.dev/v1", "kind": "Service",
                 "metadata": {"name": "hello", "namespace": "default"},
                 "spec": {"template": {"metadata": {}, "spec": {"containers": [{"image": "hello"}]}}}}
                """);
  }
}
