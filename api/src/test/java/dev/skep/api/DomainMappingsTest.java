package dev.skep.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

/** What DomainMappings have of their own; messages are compared whole. */
class DomainMappingsTest {
  private static final String SERVICE =
      "{'apiVersion': 'serving.knative.dev/v1', 'kind': 'Service', 'name': 'hello'}";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a.example.com | {'ref': {}} | missing field(s): spec.ref.apiVersion, spec.ref.kind, spec.ref.name",
        "a.example.com | {'ref': {'apiVersion': 'v1', 'name': 'a'}} | missing field(s): spec.ref.kind",
        "a.example.com | {'ref': {'apiVersion': 'v1', 'kind': 'Service', 'name': 'a', 'namespace': 'bad'}} | mismatched namespaces: spec.ref.namespace\\nparent namespace: \"default\" does not match ref: \"bad\"",
        "a.example.com | {'ref': {'group': 'serving.knative.dev', 'apiVersion': 'v1', 'kind': 'Service', 'name': 'a'}} | must not set the field(s): spec.ref.group",
        "a.example.com | {'ref': SERVICE, 'tls': {}} | missing field(s): spec.tls.secretName",
        "a.svc.cluster.local | {'ref': SERVICE} | invalid name \"a.svc.cluster.local\": must not be a subdomain of cluster local domain \"cluster.local\": metadata.name",
        "invalid | {'ref': SERVICE} | invalid name \"invalid\": name: Invalid value: \"invalid\": should be a domain with at least two segments separated by dots: metadata.name",
        "a_b.example.com | {'ref': SERVICE} | invalid name \"a_b.example.com\": name: Invalid value: \"a_b.example.com\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'): metadata.name"
      })
  void refuses(String name, String spec, String message) {
    ObjectNode object = mapping(name, spec);
    assertThatThrownBy(() -> admit(object, Optional.empty()))
        .isInstanceOf(SkepException.class)
        .hasMessage("validation failed: " + message.replace("\\n", "\n"));
  }

  @Test
  void looksForItsTargetWhereItIs() {
    ApiObject admitted =
        admit(
            mapping("a.example.com", "{'ref': SERVICE, 'tls': {'secretName': 'a'}}"),
            Optional.empty());
    assertThat(admitted.spec().at("/ref/namespace").asString("")).isEqualTo("default");
  }

  @Test
  void hasANameOfItsOwnAndItsFirstCreator() {
    ObjectNode generated = mapping("a.example.com", "{'ref': SERVICE}");
    generated.withObject("/metadata").put("generateName", "a-");
    assertThatThrownBy(() -> admit(generated, Optional.empty()))
        .hasMessage("validation failed: must not set the field(s): metadata.generateName");

    ObjectNode made = mapping("a.example.com", "{'ref': SERVICE}");
    made.withObject("/metadata/annotations").put("serving.knative.dev/creator", "a");
    ApiObject old = admit(made, Optional.empty());
    ObjectNode other = old.copy();
    other.withObject("/metadata/annotations").put("serving.knative.dev/creator", "b");
    assertThatThrownBy(() -> admit(other, Optional.of(old)))
        .hasMessage(
            "validation failed: annotation value is immutable:"
                + " metadata.annotations.serving.knative.dev/creator");
  }

  private static ApiObject admit(ObjectNode object, Optional<ApiObject> old) {
    KnativeKind kind = KnativeKind.DOMAIN_MAPPING;
    assertThat(kind.prune(object).unknown()).isEmpty();
    kind.applyDefaults(object, old);
    var admitted = new ApiObject(object);
    kind.validate(admitted, old);
    return admitted;
  }

  private static ObjectNode mapping(String name, String spec) {
    ObjectNode object = ApiJson.object();
    object.putObject("metadata").put("name", name).put("namespace", "default");
    object.set(
        "spec", ApiJson.mapper().readTree(spec.replace("SERVICE", SERVICE).replace('\'', '"')));
    return object;
  }
}
