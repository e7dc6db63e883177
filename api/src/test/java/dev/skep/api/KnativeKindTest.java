package dev.skep.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What Services, Configurations, Routes and Revisions have of their own; messages are compared
 * whole.
 */
class KnativeKindTest {
  private static final String LABEL =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an"
          + " alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or"
          + " 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
  private static final String QUALIFIED =
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end"
          + " with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex"
          + " used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

  private static final String POD = "{\"containers\": [{\"image\": \"hello\"}]}";
  private static final String SERVICE_OWNER =
      "[{\"apiVersion\": \"serving.knative.dev/v1\", \"kind\": \"Service\", \"name\": \"hello\", \"uid\": \"1\"}]";
  private static final String CONFIGURATION_OWNER =
      SERVICE_OWNER.replace("Service", "Configuration");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "SERVICE | [{'latestRevision': true, 'percent': 50}] | Traffic targets sum to 50, want 100: spec.traffic",
        "SERVICE | [{'latestRevision': true, 'percent': 50}, {'revisionName': 'hello-1', 'percent': 51}] | Traffic targets sum to 101, want 100: spec.traffic",
        "SERVICE | [{'latestRevision': true, 'revisionName': 'a', 'percent': 100}] | may not set revisionName \"a\" when latestRevision is true: spec.traffic[0].latestRevision",
        "SERVICE | [{'latestRevision': false, 'percent': 100}] | may not set revisionName \"\" when latestRevision is false: spec.traffic[0].latestRevision",
        "SERVICE | [{'configurationName': 'a', 'percent': 100}] | must not set the field(s): spec.traffic[0].configurationName",
        "SERVICE | [{'latestRevision': true, 'percent': 101}] | Traffic targets sum to 101, want 100: spec.traffic\\nexpected 0 <= 101 <= 100: spec.traffic[0].percent",
        "SERVICE | [{'percent': 101}, {'percent': -1}] | expected 0 <= -1 <= 100: spec.traffic[1].percent\\nexpected 0 <= 101 <= 100: spec.traffic[0].percent",
        "SERVICE | [{'tag': 'a', 'percent': 50}, {'tag': 'a', 'percent': 50}] | Multiple definitions for \"a\": spec.traffic[0].tag, spec.traffic[1].tag",
        "SERVICE | [{'percent': 100}, {'tag': 'a'}, {'tag': 'b'}, {'tag': 'a'}, {'tag': 'a'}] | Multiple definitions for \"a\": spec.traffic[1].tag, spec.traffic[3].tag, spec.traffic[4].tag",
        "SERVICE | [{'tag': '1a', 'percent': 100}] | invalid value: not a DNS 1035 label: [LABEL]: spec.traffic.tag[0]",
        "SERVICE | [{'url': 'http://x', 'tag': 'a', 'percent': 100}] | must not set the field(s): spec.traffic[0].url",
        "SERVICE | [{'revisionName': 'a b', 'percent': 100}] | invalid key name \"a b\": spec.traffic[0].revisionName\\nQUALIFIED",
        "ROUTE | [] | Traffic targets sum to 0, want 100: spec.traffic",
        "ROUTE | [{'percent': 100}] | expected exactly one, got neither: spec.traffic[0].configurationName, spec.traffic[0].revisionName",
        "ROUTE | [{'revisionName': 'a', 'configurationName': 'b', 'percent': 100}] | expected exactly one, got both: spec.traffic[0].configurationName, spec.traffic[0].revisionName",
        "ROUTE | [{'configurationName': 'b', 'latestRevision': false, 'percent': 100}] | may not set revisionName \"\" when latestRevision is false: spec.traffic[0].latestRevision",
        "ROUTE | [{'configurationName': 'b ', 'percent': 100}] | invalid key name \"b \": spec.traffic[0].configurationName\\nQUALIFIED"
      })
  void refusesTraffic(KnativeKind kind, String traffic, String message) {
    ObjectNode object = object(kind);
    object.withObject("/spec").set("traffic", json(traffic));
    refused(kind, object, Optional.empty(), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "SERVICE | [{'tag': 'current', 'revisionName': 'hello-1', 'percent': 100}, {'tag': 'latest'}] | [{'tag':'current','revisionName':'hello-1','percent':100,'latestRevision':false},{'tag':'latest','latestRevision':true,'percent':0}]",
        "SERVICE | [] | [{'latestRevision':true,'percent':100}]",
        "ROUTE | [{'configurationName': 'hello', 'percent': 100}] | [{'configurationName':'hello','percent':100,'latestRevision':true}]",
        "ROUTE | [{'revisionName': 'a', 'percent': 50}, {'revisionName': 'b', 'tag': 'b', 'percent': 50}] | [{'revisionName':'a','percent':50,'latestRevision':false},{'revisionName':'b','tag':'b','percent':50,'latestRevision':false}]"
      })
  void fillsInTraffic(KnativeKind kind, String traffic, String stored) {
    ObjectNode object = object(kind);
    object.withObject("/spec").set("traffic", json(traffic));
    admit(kind, object, Optional.empty());
    assertThat(object.at("/spec/traffic").toString()).isEqualTo(stored.replace('\'', '"'));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "SERVICE | /metadata | labels | {'networking.knative.dev/visibility': 'local'} | invalid value: local: metadata.labels.networking.knative.dev/visibility\\nexpected cluster-local, or no such label where it is public",
        "ROUTE | /metadata | labels | {'networking.knative.dev/visibility': ''} | invalid value: : metadata.labels.networking.knative.dev/visibility\\nexpected cluster-local, or no such label where it is public",
        "SERVICE | /metadata | annotations | {'serving.knative.dev/rollout-duration': '10'} | invalid value: 10: metadata.annotations.serving.knative.dev/rollout-duration\\nexpected a duration such as 90s or 1m30s",
        "SERVICE | /metadata | annotations | {'serving.knative.dev/rollout-duration': '1500ms'} | rollout-duration=1500ms is not at second precision: metadata.annotations.serving.knative.dev/rollout-duration",
        "ROUTE | /metadata | annotations | {'serving.knative.dev/rolloutDuration': '-1s'} | rollout-duration=-1s must be positive: metadata.annotations.serving.knative.dev/rolloutDuration",
        "SERVICE | /metadata | annotations | {'autoscaling.knative.dev/min-scale': '1'} | invalid key name \"autoscaling.knative.dev/min-scale\": metadata.annotations\\nautoscaling annotations must be put under \"spec.template.metadata.annotations\" to work",
        "CONFIGURATION | /metadata | annotations | {'autoscaling.knative.dev/min-scale': '1'} | invalid key name \"autoscaling.knative.dev/min-scale\": metadata.annotations\\nautoscaling annotations must be put under \"spec.template.metadata.annotations\" to work",
        "ROUTE | /metadata | annotations | {'autoscaling.knative.dev/min-scale': '1'} | invalid key name \"autoscaling.knative.dev/min-scale\": metadata.annotations\\nautoscaling annotations must be put under \"spec.template.metadata.annotations\" to work",
        "REVISION | /metadata | annotations | {'autoscaling.knative.dev/min-scale': '-1'} | expected 0 <= -1 <= 2147483647: metadata.annotations.autoscaling.knative.dev/min-scale",
        "CONFIGURATION | /metadata | labels | {'serving.knative.dev/service': 'hello'} | missing field(s): metadata.labels.serving.knative.dev/service",
        "ROUTE | /metadata | labels | {'serving.knative.dev/service': 'hello'} | missing field(s): metadata.labels.serving.knative.dev/service",
        "REVISION | /metadata | labels | {'serving.knative.dev/configuration': 'hello'} | missing field(s): metadata.labels.serving.knative.dev/configuration",
        "CONFIGURATION | /metadata | name | '1a' | not a DNS 1035 label: [LABEL]: metadata.name\\nfound: \"1a\"",
        "ROUTE | /metadata | name | '' | name or generateName is required: metadata.name",
        "SERVICE | /metadata | generateName | 'A-' | not a DNS 1035 label prefix: [LABEL]: metadata.generateName",
        "SERVICE | /spec/template/metadata | name | 'other-1' | invalid value: \"other-1\" must have prefix \"hello-\": spec.template.metadata.name",
        "CONFIGURATION | /spec/template/metadata | name | 'hello' | invalid value: \"hello\" must have prefix \"hello-\": spec.template.metadata.name",
        "CONFIGURATION | /spec/template/metadata | name | 'hello-A' | invalid value: not a DNS 1035 label: [LABEL]: spec.template.metadata.name",
        "CONFIGURATION | /spec/template/metadata | generateName | 'Hello-' | invalid value: not a DNS 1035 label prefix: [LABEL]: spec.template.metadata.generateName",
        "CONFIGURATION | /spec/template/metadata | annotations | {'serving.knative.dev/progress-deadline': '1.5s'} | progress-deadline=1.5s is not at second precision: spec.template.metadata.annotations.serving.knative.dev/progress-deadline",
        "SERVICE | /spec/template/metadata | annotations | {'networking.knative.dev/x': '1'} | invalid key name \"networking.knative.dev/x\": spec.template.metadata.annotations",
        "SERVICE | /spec/template/metadata | annotations | {'queue.sidecar.serving.knative.dev/cpu-resource-request': 'x'} | invalid value: x: spec.template.metadata.annotations.[queue.sidecar.serving.knative.dev/cpu-resource-request]",
        "CONFIGURATION | /spec/template/spec | containers | [] | missing field(s): spec.template.spec.containers",
        "CONFIGURATION | /spec/template/spec | timeoutSeconds | 601 | expected 0 <= 601 <= 600: spec.template.spec.timeoutSeconds",
        "REVISION | /spec | containers | [] | missing field(s): spec.containers",
        "REVISION | /spec | containers | [{}] | missing field(s): spec.containers[0].image",
        "REVISION | /spec | containerConcurrency | -1 | expected 0 <= -1 <= 1000: spec.containerConcurrency"
      })
  void refusesFields(KnativeKind kind, String where, String field, String value, String message) {
    ObjectNode object = object(kind);
    object.withObject(where).set(field, json(value));
    refused(kind, object, Optional.empty(), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "SERVICE | /metadata/labels | networking.knative.dev/visibility | cluster-local",
        "ROUTE | /metadata/annotations | serving.knative.dev/rollout-duration | 1m30s",
        "SERVICE | /metadata/annotations | serving.knative.dev/rollout-duration | 0s",
        "SERVICE | /metadata/labels | serving.knative.dev/other | x",
        "SERVICE | /spec/template/metadata | name | hello-byoname",
        "SERVICE | /spec/template/metadata | generateName | hello-",
        "CONFIGURATION | /metadata/labels | serving.knative.dev/service | hello",
        "ROUTE | /metadata/labels | serving.knative.dev/service | hello",
        "REVISION | /metadata/labels | serving.knative.dev/configuration | hello",
        "REVISION | /metadata/labels | serving.knative.dev/routingState | active",
        "REVISION | /metadata/annotations | autoscaling.knative.dev/min-scale | 1",
        "SERVICE | /spec/template/metadata/annotations | networking.knative.dev/http-protocol | Enabled"
      })
  void acceptsFields(KnativeKind kind, String where, String field, String value) {
    ObjectNode object = object(kind);
    if (value.equals("hello")) {
      String owner = kind == KnativeKind.REVISION ? CONFIGURATION_OWNER : SERVICE_OWNER;
      object.withObject("/metadata").set("ownerReferences", json(owner));
    }
    object.withObject(where).put(field, value);
    assertThatCode(() -> admit(kind, object, Optional.empty())).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"SERVICE", "CONFIGURATION"})
  void aNameOfARevisionMeansOneTemplate(KnativeKind kind) {
    ObjectNode object = object(kind);
    object.withObject("/spec/template/metadata").put("name", "hello-byoname");
    ApiObject old = admit(kind, object, Optional.empty());

    ObjectNode other = old.copy();
    image(other, "/spec/template/spec/containers/0", "other");
    refused(
        kind,
        other,
        Optional.of(old),
        "Saw the following changes without a name change (-old +new): spec.template.metadata.name\\n"
            + "spec.containers[0].image:\\n\t-: \"hello\"\\n\t+: \"other\"\\n");

    ObjectNode renamed = other.deepCopy();
    renamed.withObject("/spec/template/metadata").put("name", "hello-two");
    admit(kind, renamed, Optional.of(old));
    ObjectNode labelled = old.copy();
    labelled.withObject("/metadata/labels").put("x", "y");
    admit(kind, labelled, Optional.of(old));
  }

  @Test
  void leavesAnUnchangedTemplateAsAnOlderVersionDefaultedIt() {
    ObjectNode object = object(KnativeKind.SERVICE);
    object.withObject("/spec/template/metadata").put("name", "hello-byoname");
    ObjectNode old = admit(KnativeKind.SERVICE, object, Optional.empty()).copy();
    old.withObject("/spec/template/spec").remove("enableServiceLinks");
    ApiObject kept = admit(KnativeKind.SERVICE, old.deepCopy(), Optional.of(new ApiObject(old)));
    assertThat(kept.spec()).isEqualTo(old.path("spec"));
  }

  @Test
  void aRevisionNeverChangesItsSpec() {
    ApiObject old = admit(KnativeKind.REVISION, object(KnativeKind.REVISION), Optional.empty());
    assertThat(old.spec().path("timeoutSeconds").asInt()).isEqualTo(300);
    assertThat(old.spec().at("/containers/0/name").asString()).isEqualTo("user-container");

    ObjectNode labelled = old.copy();
    labelled.withObject("/metadata/labels").put("x", "y");
    labelled.withObject("/metadata/annotations").put("serving.knative.dev/no-gc", "true");
    admit(KnativeKind.REVISION, labelled, Optional.of(old));

    ObjectNode changed = old.copy();
    changed.withObject("/spec").put("timeoutSeconds", 10).put("idleTimeoutSeconds", 5);
    image(changed, "/spec/containers/0", "other");
    refused(
        KnativeKind.REVISION,
        changed,
        Optional.of(old),
        "Immutable fields changed (-old +new): spec\\n"
            + "containers[0].image:\\n\t-: \"hello\"\\n\t+: \"other\"\\n"
            + "timeoutSeconds:\\n\t-: 300\\n\t+: 10\\n"
            + "idleTimeoutSeconds:\\n\t+: 5\\n");
  }

  @ParameterizedTest
  @CsvSource({"SERVICE", "CONFIGURATION", "ROUTE"})
  void clientsDoNotSayWhoHasWrittenAnObject(KnativeKind kind) {
    ObjectNode object = object(kind);
    object
        .withObject("/metadata/annotations")
        .put("serving.knative.dev/creator", "a")
        .put("serving.knative.dev/lastModifier", "a");
    ApiObject old = admit(kind, object, Optional.empty());
    ObjectNode other = old.copy();
    other
        .withObject("/metadata/annotations")
        .put("serving.knative.dev/creator", "b")
        .put("serving.knative.dev/lastModifier", "b");
    refused(
        kind,
        other,
        Optional.of(old),
        "annotation value is immutable: metadata.annotations.serving.knative.dev/creator\\n"
            + "invalid value: b: metadata.annotations.serving.knative.dev/lastModifier");
  }

  @Test
  void whatBelongsToAServiceHasItsWriters() {
    ObjectNode object = object(KnativeKind.ROUTE);
    object.withObject("/metadata").set("ownerReferences", json(SERVICE_OWNER));
    object.withObject("/metadata/annotations").put("serving.knative.dev/creator", "a");
    ApiObject old = admit(KnativeKind.ROUTE, object, Optional.empty());
    ObjectNode other = old.copy();
    other.withObject("/metadata/annotations").put("serving.knative.dev/creator", "b");
    admit(KnativeKind.ROUTE, other, Optional.of(old));
  }

  @Test
  void aProbeWithAPeriodHasTheDefaultsOfKubernetes() {
    ObjectNode object = object(KnativeKind.CONFIGURATION);
    object
        .withObject("/spec/template/spec")
        .set("containers", json("[{'image': 'hello', 'readinessProbe': {'periodSeconds': 5}}]"));
    admit(KnativeKind.CONFIGURATION, object, Optional.empty());
    assertThat(object.at("/spec/template/spec/containers/0/readinessProbe").toString())
        .isEqualTo(
            "{\"periodSeconds\":5,\"tcpSocket\":{\"port\":0},\"successThreshold\":1,\"failureThreshold\":3,\"timeoutSeconds\":1}");
  }

  private static void refused(
      KnativeKind kind, ObjectNode object, Optional<ApiObject> old, String message) {
    String expected =
        message
            .replace("\\n", "\n")
            .replace("[LABEL]", "[" + LABEL + "]")
            .replace("QUALIFIED", QUALIFIED);
    assertThatThrownBy(() -> admit(kind, object, old))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(SkepException.Code.INVALID))
        .hasMessage("validation failed: " + expected);
  }

  private static ApiObject admit(KnativeKind kind, ObjectNode object, Optional<ApiObject> old) {
    assertThat(kind.prune(object).unknown()).isEmpty();
    kind.applyDefaults(object, old);
    var admitted = new ApiObject(object);
    kind.validate(admitted, old);
    return admitted;
  }

  private static void image(ObjectNode object, String container, String image) {
    ((ObjectNode) object.at(container)).put("image", image);
  }

  private static JsonNode json(String text) {
    return ApiJson.mapper().readTree(text.replace('\'', '"'));
  }

  private static ObjectNode object(KnativeKind kind) {
    String spec =
        switch (kind) {
          case SERVICE, CONFIGURATION ->
              "{\"template\": {\"metadata\": {}, \"spec\": " + POD + "}}";
          case ROUTE -> "{\"traffic\": [{\"configurationName\": \"hello\", \"percent\": 100}]}";
          case REVISION -> POD;
          case DOMAIN_MAPPING ->
              "{\"ref\": {\"apiVersion\": \"v1\", \"kind\": \"Service\", \"name\": \"hello\"}}";
        };
    ObjectNode object = ApiJson.object();
    object.putObject("metadata").put("name", "hello").put("namespace", "default");
    object.set("spec", json(spec));
    return object;
  }
}
