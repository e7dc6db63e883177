package dev.skep.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class ServiceTemplatesTest {
  @Test
  void readsEveryFieldThatInstancesAreMadeOf() {
    RevisionSpec spec =
        revision(
            """
            {"metadata": {"annotations": {"autoscaling.knative.dev/min-scale": "2"}},
             "spec": {"containerConcurrency": 7, "timeoutSeconds": 20, "idleTimeoutSeconds": 3,
               "responseStartTimeoutSeconds": 10,
               "containers": [{"image": "hello", "command": ["/a"], "args": ["b"],
                 "env": [{"name": "Z", "value": "1"}, {"name": "A"}, {"name": "Z", "value": "2"}],
                 "workingDir": "/w", "securityContext": {"runAsUser": 1000},
                 "ports": [{"containerPort": 9000, "name": "h2c"}],
                 "resources": {"limits": {"cpu": "500m"}, "requests": {"cpu": "2", "memory": "64Mi"}},
                 "readinessProbe": {"httpGet": {"path": "ready", "port": 0,
                   "httpHeaders": [{"name": "X", "value": "y"}]}, "periodSeconds": 2}}]}}
            """);
    assertThat(spec.image()).isEqualTo("hello");
    assertThat(spec.command()).containsExactly("/a");
    assertThat(spec.args()).containsExactly("b");
    assertThat(spec.env())
        .containsExactly(
            new EnvSource.Literal("Z", "1"),
            new EnvSource.Literal("A", ""),
            new EnvSource.Literal("Z", "2"));
    assertThat(spec.workingDir()).contains("/w");
    assertThat(spec.runAsUser()).contains(1000);
    assertThat(spec.port()).isEqualTo(9000);
    assertThat(spec.protocol()).isEqualTo(Protocol.H2C);
    assertThat(spec.resources()).isEqualTo(new Resources(0.5, 64L << 20, 2));
    assertThat(spec.containerConcurrency()).isEqualTo(7);
    assertThat(spec.timeout()).isEqualTo(Duration.ofSeconds(20));
    assertThat(spec.responseStartTimeout()).isEqualTo(Duration.ofSeconds(10));
    assertThat(spec.idleTimeout()).isEqualTo(Duration.ofSeconds(3));
    assertThat(spec.annotations()).containsEntry("autoscaling.knative.dev/min-scale", "2");
    assertThat(spec.readiness())
        .isEqualTo(
            new Probe(
                new Probe.Http(0, "/ready", Map.of("X", "y")),
                Duration.ZERO,
                Duration.ofSeconds(2),
                Duration.ofSeconds(1),
                1,
                3));
  }

  @Test
  void fillsWhatAFunctionLeavesOut() {
    RevisionSpec spec = revision("{\"spec\": {\"containers\": [{\"image\": \"hello\"}]}}");
    assertThat(spec.port()).isEqualTo(8080);
    assertThat(spec.protocol()).isEqualTo(Protocol.HTTP1);
    assertThat(spec.resources()).isEqualTo(Resources.DEFAULT);
    assertThat(spec.readiness()).isEqualTo(Probe.onPort());
    assertThat(spec.timeout()).isEqualTo(Duration.ofMinutes(5));
    assertThat(spec.workingDir()).isEqualTo(Optional.empty());
    assertThat(spec.runAsUser()).isEqualTo(Optional.empty());
    assertThat(spec.command()).isEqualTo(List.of());
  }

  @Test
  void takesWholeObjectsBeforeSingleVariables() {
    RevisionSpec spec =
        revision(
            """
            {"spec": {"containers": [{"image": "hello",
              "env": [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
              "envFrom": [{"prefix": "P_", "configMapRef": {"name": "c", "optional": true}}]}]}}
            """);
    assertThat(spec.env())
        .containsExactly(
            new EnvSource.AllKeys(
                "P_", new EnvSource.Reference(EnvSource.Kind.CONFIG_MAP, "c", true)),
            new EnvSource.OneKey(
                "K", new EnvSource.Reference(EnvSource.Kind.SECRET, "s", false), "k"));
  }

  private static RevisionSpec revision(String template) {
    var mapper = new JsonMapper();
    ObjectNode service = mapper.createObjectNode();
    service.putObject("spec").set("template", mapper.readTree(template));
    return ServiceTemplates.revision(new ApiObject(service));
  }
}
