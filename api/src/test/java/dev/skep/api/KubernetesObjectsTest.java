package dev.skep.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class KubernetesObjectsTest {
  private static ObjectNode json(String text) {
    return ApiJson.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static ObjectNode deployment(String spec, String labels, String pod) {
    return json(
        "{'metadata': {'name': 'redis'}, 'spec': {%s 'template': {'metadata': {'labels': {%s}}, 'spec': {%s}}}}"
            .formatted(spec, labels, pod));
  }

  private static final String SELECTOR = "'selector': {'matchLabels': {'app': 'redis'}},";
  private static final String LABELS = "'app': 'redis'";

  private static String container(String more) {
    return "'containers': [{'name': 'redis', 'image': 'redis:7' %s}]".formatted(more);
  }

  private static ApiObject admitted(ObjectNode object) {
    DeploymentSpec.prune(object);
    DeploymentSpec.applyDefaults(object);
    var admitted = new ApiObject(object);
    DeploymentSpec.validate(admitted, Optional.empty());
    return admitted;
  }

  private static void refused(ObjectNode object, String... messages) {
    assertThatThrownBy(() -> admitted(object)).hasMessageContainingAll(messages);
  }

  @Test
  void defaultsAreThoseOfKubernetes() {
    DeploymentSpec spec = DeploymentSpec.of(admitted(deployment(SELECTOR, LABELS, container(""))));
    assertThat(spec.replicas()).isOne();
    assertThat(spec.recreate()).isFalse();
    assertThat(spec.maxSurge()).isOne();
    assertThat(spec.maxUnavailable()).isZero();
    assertThat(spec.progressDeadline()).isEqualTo(Duration.ofMinutes(10));
    assertThat(spec.template().grace()).isEqualTo(Duration.ofSeconds(30));
    assertThat(spec.template().readiness()).isEmpty();
  }

  @Test
  void readsPortsProbesAndUser() {
    PodTemplate pod =
        DeploymentSpec.of(
                admitted(
                    deployment(
                        SELECTOR,
                        LABELS,
                        container(
                            ", 'ports': [{'name': 'redis', 'containerPort': 6379}, {'name': 'gossip', 'containerPort': 7000, 'protocol': 'UDP'}],"
                                + "'livenessProbe': {'tcpSocket': {'port': 'redis'}},"
                                + "'securityContext': {'runAsUser': 999, 'runAsGroup': 1000}"))))
            .template();
    assertThat(pod.user()).contains("999:1000");
    assertThat(pod.port("gossip", PodTemplate.Transport.UDP).orElseThrow().number())
        .isEqualTo(7000);
    Probe liveness = pod.liveness().orElseThrow();
    assertThat(liveness.check()).isEqualTo(new Probe.Tcp(6379));
    assertThat(liveness.period()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void refusesInTheWordsOfKubernetes() {
    refused(deployment("", LABELS, container("")), "spec.selector: Required value");
    refused(
        deployment(SELECTOR, "'app': 'other'", container("")),
        "spec.template.metadata.labels: Invalid value: map[string]string{\"app\":\"other\"}: `selector` does not match template `labels`");
    refused(deployment(SELECTOR, LABELS, ""), "spec.template.spec.containers: Required value");
    refused(
        deployment(SELECTOR, LABELS, "'containers': [{}]"),
        "[spec.template.spec.containers[0].name: Required value, spec.template.spec.containers[0].image: Required value]");
    refused(
        deployment(
            SELECTOR,
            LABELS,
            container(", 'ports': [{'containerPort': 70000, 'protocol': 'SCTP'}]")),
        "ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        "ports[0].protocol: Unsupported value: \"SCTP\": supported values: \"TCP\", \"UDP\"");
    refused(
        deployment(SELECTOR + "'strategy': {'type': 'Canary'},", LABELS, container("")),
        "spec.strategy.type: Unsupported value: \"Canary\": supported values: \"Recreate\", \"RollingUpdate\"");
    refused(
        deployment(SELECTOR, LABELS, container(", 'livenessProbe': {'periodSeconds': 1}")),
        "livenessProbe: Required value: must specify a handler type");
  }

  @Test
  void namesEachFieldThatIsNotServed() {
    refused(
        deployment(SELECTOR, LABELS, container("") + ", 'initContainers': [], 'hostNetwork': true"),
        "spec.template.spec.initContainers",
        "spec.template.spec.hostNetwork");
    ObjectNode sidecar =
        deployment(SELECTOR, LABELS, "'containers': [{'name': 'a'}, {'name': 'b'}]");
    refused(sidecar, "spec.template.spec.containers: Forbidden: a pod has one container here");
  }

  private static ClusterService service(String spec) {
    ObjectNode object = json("{'metadata': {'name': 'redis'}, 'spec': {%s}}".formatted(spec));
    ClusterService.prune(object);
    ClusterService.applyDefaults(object);
    var admitted = new ApiObject(object);
    ClusterService.validate(admitted, Optional.empty());
    return ClusterService.of(admitted);
  }

  @Test
  void targetsOfServicePortsAreNumbersOrNames() {
    ClusterService service =
        service(
            "'selector': {'app': 'redis'}, 'ports': [{'name': 'a', 'port': 80}, {'name': 'b', 'port': 81, 'targetPort': 'redis'}]");
    PodTemplate pod =
        DeploymentSpec.of(
                admitted(
                    deployment(
                        SELECTOR,
                        LABELS,
                        container(", 'ports': [{'name': 'redis', 'containerPort': 6379}]"))))
            .template();
    assertThat(service.ports().get(0).in(pod)).contains(80);
    assertThat(service.ports().get(1).in(pod)).contains(6379);
    assertThat(service.selects(pod.labels())).isTrue();
    assertThat(service.selects(Map.of("app", "other"))).isFalse();
  }

  @Test
  void refusesServicesThatReachOutside() {
    assertThatThrownBy(() -> service("'type': 'LoadBalancer', 'ports': [{'port': 80}]"))
        .hasMessageContaining(
            "spec.type: Unsupported value: \"LoadBalancer\": supported values: \"ClusterIP\"");
    assertThatThrownBy(() -> service("'ports': []")).hasMessage("spec.ports: Required value");
    assertThatThrownBy(() -> service("'ports': [{'port': 80}, {'port': 81}]"))
        .hasMessageContainingAll("spec.ports[0].name: Required value", "spec.ports[1].name");
    assertThat(service("'clusterIP': 'None'").isHeadless()).isTrue();
  }

  @Test
  void rangesGiveAllButTheirEnds() {
    AddressRange range = AddressRange.parse("10.200.0.0/29");
    assertThat(range.size()).isEqualTo(6);
    assertThat(range.at(0)).isEqualTo("10.200.0.1");
    assertThat(range.contains("10.200.0.6")).isTrue();
    assertThat(range.contains("10.200.0.7")).isFalse();
    assertThat(range.contains("10.200.0.06")).isFalse();
    assertThat(range.overlaps(AddressRange.parse("10.0.0.0/8"))).isTrue();
    assertThat(range.overlaps(AddressRange.parse("10.64.0.0/10"))).isFalse();
    assertThat(range).hasToString("10.200.0.0/29");
    assertThatThrownBy(() -> AddressRange.parse("10.200.0.1/16"))
        .hasMessageContaining("expected: an IPv4 network");
  }

  private static ApiObject claim(String storage) {
    return new ApiObject(
        json(
            "{'metadata': {'name': 'data'}, 'spec': {'accessModes': ['ReadWriteOnce'], 'resources': {'requests': {'storage': '%s'}}}}"
                .formatted(storage)));
  }

  @Test
  void claimsGrowAndDoNotShrink() {
    VolumeClaim.validate(claim("2Gi"), Optional.of(claim("1Gi")));
    VolumeClaim.validate(claim("1024Mi"), Optional.of(claim("1Gi")));
    assertThatThrownBy(() -> VolumeClaim.validate(claim("1G"), Optional.of(claim("1Gi"))))
        .hasMessageContaining(
            "spec.resources.requests.storage: Forbidden: field can not be less than previous value");
  }
}
