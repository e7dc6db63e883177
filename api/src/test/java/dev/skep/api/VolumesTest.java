package dev.skep.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.EnvSource.Kind;
import dev.skep.api.EnvSource.Reference;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class VolumesTest {
  @Test
  void readsEverySource() {
    ObjectNode service =
        service(
            """
            [{"name": "c", "configMap": {"name": "app", "defaultMode": 256,
                "items": [{"key": "k", "path": "dir//f"}]}},
             {"name": "s", "secret": {"secretName": "keys", "optional": true}},
             {"name": "p", "projected": {"sources": [
                {"configMap": {"name": "a"}}, {"secret": {"name": "b"}},
                {"downwardAPI": {"items": [
                  {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}},
                  {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
                  {"path": "mem", "resourceFieldRef":
                    {"resource": "limits.memory", "divisor": "1Mi"}}]}}]}},
             {"name": "e", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}},
             {"name": "d", "persistentVolumeClaim": {"claimName": "data", "readOnly": true}}]
            """,
            """
            [{"name": "c", "mountPath": "/etc//app/", "subPath": "dir/f"},
             {"name": "s", "mountPath": "/etc/keys"},
             {"name": "p", "mountPath": "/etc/all"},
             {"name": "e", "mountPath": "/work"},
             {"name": "d", "mountPath": "/data"}]
            """);
    assertThat(KnativeKind.SERVICE.prune(service).unknown()).isEmpty();
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    validate(service);

    RevisionSpec spec = ServiceTemplates.revision(new ApiObject(service));

    assertThat(spec.mounts())
        .containsExactly(
            new VolumeMount(
                "/etc/app",
                Optional.of("dir/f"),
                true,
                new Volume.Files(
                    List.of(
                        new Volume.Keys(
                            new Reference(Kind.CONFIG_MAP, "app", false), Map.of("k", "dir/f"))),
                    0400)),
            new VolumeMount(
                "/etc/keys",
                Optional.empty(),
                true,
                new Volume.Files(
                    List.of(new Volume.Keys(new Reference(Kind.SECRET, "keys", true), Map.of())),
                    0644)),
            new VolumeMount(
                "/etc/all",
                Optional.empty(),
                true,
                new Volume.Files(
                    List.of(
                        new Volume.Keys(new Reference(Kind.CONFIG_MAP, "a", false), Map.of()),
                        new Volume.Keys(new Reference(Kind.SECRET, "b", false), Map.of()),
                        new Volume.Field("name", InstanceField.Plain.NAME),
                        new Volume.Field("labels", InstanceField.Plain.LABELS),
                        new Volume.Text("mem", "256")),
                    0644)),
            new VolumeMount(
                "/work", Optional.empty(), false, new Volume.Empty(OptionalLong.of(16 << 20))),
            new VolumeMount("/data", Optional.empty(), false, new Volume.Claim("data", true)));
    assertThat(spec.tellsInstances()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "{'name':'v'} | expected exactly one, got neither: spec.template.spec.volumes[0].configMap, spec.template.spec.volumes[0].downwardAPI",
        "{'name':'v','emptyDir':{},'secret':{'secretName':'s'}} | expected exactly one, got both: spec.template.spec.volumes[0].emptyDir, spec.template.spec.volumes[0].secret",
        "{'name':'v','configMap':{}} | missing field(s): spec.template.spec.volumes[0].configMap.name",
        "{'name':'v','secret':{'name':'s'}} | missing field(s): spec.template.spec.volumes[0].secret.secretName",
        "{'name':'v','configMap':{'name':'c','items':[{'key':'a'}]}} | missing field(s): spec.template.spec.volumes[0].configMap.items[0].path",
        "{'name':'v','configMap':{'name':'c','items':[{'key':'a','path':'../a'}]}} | invalid value: ../a: spec.template.spec.volumes[0].configMap.items[0].path",
        "{'name':'v','configMap':{'name':'c','items':[{'key':'a','path':'/a'}]}} | invalid value: /a: spec.template.spec.volumes[0].configMap.items[0].path",
        "{'name':'v','configMap':{'name':'c','defaultMode':512}} | must be a number between 0 and 0777 (octal), both inclusive",
        "{'name':'v','emptyDir':{'medium':'HugePages'}} | invalid value: HugePages: spec.template.spec.volumes[0].emptyDir.medium",
        "{'name':'v','emptyDir':{'sizeLimit':'0'}} | invalid value: 0: spec.template.spec.volumes[0].emptyDir.sizeLimit",
        "{'name':'v','persistentVolumeClaim':{}} | missing field(s): spec.template.spec.volumes[0].persistentVolumeClaim.claimName",
        "{'name':'A','emptyDir':{}} | invalid value: A: spec.template.spec.volumes[0].name",
        "{'name':'w','emptyDir':{}} | volume with name \"w\" not mounted: spec.template.spec.volumes[0].name",
        "{'name':'w','emptyDir':{}} | volumeMount has no matching volume: spec.template.spec.containers[0].volumeMounts[0].name",
        "{'name':'v','downwardAPI':{'items':[{'path':'a','fieldRef':{'fieldPath':'status.podIP'}}]}} | invalid value: status.podIP: spec.template.spec.volumes[0].downwardAPI.items[0].fieldRef.fieldPath"
      })
  void refusesVolumesThatAreNone(String volume, String message) {
    ObjectNode service =
        service("[" + json(volume) + "]", "[{\"name\":\"v\",\"mountPath\":\"/v\"}]");
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatThrownBy(() -> validate(service)).hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "'mountPath':'' | missing field(s): spec.template.spec.containers[0].volumeMounts[0].mountPath",
        "'mountPath':'v' | invalid value: v: spec.template.spec.containers[0].volumeMounts[0].mountPath",
        "'mountPath':'/a/../b' | invalid value: /a/../b: spec.template.spec.containers[0].volumeMounts[0].mountPath",
        "'mountPath':'//' | mountPath \"/\" is a reserved path: spec.template.spec.containers[0].volumeMounts[0].mountPath",
        "'mountPath':'/proc/x' | mountPath \"/proc/x\" is a reserved path",
        "'mountPath':'/dev' | mountPath \"/dev\" is a reserved path",
        "'mountPath':'/a','subPath':'../x' | invalid value: ../x: spec.template.spec.containers[0].volumeMounts[0].subPath",
        "'mountPath':'/a','readOnly':false | volume mount should be readOnly for this type of volume: spec.template.spec.containers[0].volumeMounts[0].readOnly",
        "'mountPath':'/b/' | invalid value: \"/b\" must be unique: spec.template.spec.containers[0].volumeMounts[1].mountPath"
      })
  void refusesMountsThatCannotBe(String mount, String message) {
    ObjectNode service =
        service(
            "[{\"name\":\"v\",\"configMap\":{\"name\":\"c\"}}]",
            json("[{'name':'v'," + mount + "},{'name':'v','mountPath':'/b'}]"));
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatThrownBy(() -> validate(service)).hasMessageContaining(message);
  }

  @Test
  void aSubPathIsOfFilesOnly() {
    ObjectNode service =
        service(
            "[{\"name\":\"v\",\"emptyDir\":{}}]",
            "[{\"name\":\"v\",\"mountPath\":\"/v\",\"subPath\":\"a\"}]");
    assertThatThrownBy(() -> validate(service))
        .hasMessageContaining(
            "must not set the field(s): spec.template.spec.containers[0].volumeMounts[0].subPath");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hostPath", "csi", "nfs", "image", "ephemeral"})
  void refusesOtherSourcesByName(String kind) {
    ObjectNode service = service("[{\"name\":\"v\",\"%s\":{}}]".formatted(kind), "[]");
    assertThatThrownBy(() -> KnativeKind.SERVICE.prune(service))
        .hasMessageContaining("must not set the field(s): spec.template.spec.volumes[0]." + kind);
  }

  @Test
  void variablesTellOfTheInstanceAndItsResources() {
    ObjectNode service = service("[]", "[]");
    ObjectNode container = (ObjectNode) service.at("/spec/template/spec/containers/0");
    container.set(
        "env",
        ApiJson.mapper()
            .readTree(
                """
                [{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['x/y']"}}},
                 {"name":"B","valueFrom":
                   {"resourceFieldRef":{"resource":"requests.cpu","divisor":"1m"}}},
                 {"name":"C","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}}]
                """));
    container.set(
        "resources",
        ApiJson.mapper().readTree(json("{'requests':{'cpu':'250m'},'limits':{'cpu':'1500m'}}")));
    assertThat(KnativeKind.SERVICE.prune(service).unknown()).isEmpty();
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    validate(service);

    RevisionSpec spec = ServiceTemplates.revision(new ApiObject(service));

    assertThat(spec.env())
        .containsExactly(
            new EnvSource.Field("A", new InstanceField.Label("x/y")),
            new EnvSource.Literal("B", "250"),
            new EnvSource.Literal("C", "2"));
    assertThat(spec.tellsInstances()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'fieldRef':{'fieldPath':'status.podIP'}}",
        "{'fieldRef':{'fieldPath':'metadata.labels'}}",
        "{'fieldRef':{}}",
        "{'fieldRef':{'fieldPath':'metadata.name'},'secretKeyRef':{'name':'a','key':'b'}}",
        "{'resourceFieldRef':{'resource':'limits.ephemeral-storage'}}",
        "{'resourceFieldRef':{'resource':'limits.cpu','divisor':'x'}}",
        "{}"
      })
  void refusesVariablesOfNothing(String from) {
    ObjectNode service = service("[]", "[]");
    ((ObjectNode) service.at("/spec/template/spec/containers/0"))
        .set("env", ApiJson.mapper().readTree(json("[{'name':'A','valueFrom':" + from + "}]")));
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatThrownBy(() -> validate(service))
        .hasMessageContaining("spec.template.spec.containers[0].env[0].valueFrom");
  }

  @Test
  void claimsAreServed() {
    ObjectNode service =
        service(
            json("[{'name':'v','persistentVolumeClaim':{'claimName':'c'}}]"),
            json("[{'name':'v','mountPath':'/v'}]"));
    KnativeKind.SERVICE.applyDefaults(service, Optional.empty());
    assertThatCode(() -> validate(service)).doesNotThrowAnyException();
  }

  private static String json(String single) {
    return single.replace('\'', '"');
  }

  private static void validate(ObjectNode service) {
    KnativeKind.SERVICE.validate(new ApiObject(service), Optional.empty());
  }

  private static ObjectNode service(String volumes, String mounts) {
    return (ObjectNode)
        ApiJson.mapper()
            .readTree(
                """
                {"apiVersion": "serving.knative.dev/v1", "kind": "Service",
                 "metadata": {"name": "hello", "namespace": "default"},
                 "spec": {"template": {"metadata": {}, "spec": {"volumes": %s,
                   "containers": [{"image": "hello", "volumeMounts": %s}]}}}}
                """
                    .formatted(volumes, mounts));
  }
}
