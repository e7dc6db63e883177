package dev.skep.apiserver;

import static dev.skep.apiserver.RunningApi.SERVICES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** DomainMappings, the one kind of Knative's that is v1beta1. */
class DomainMappingApiTest extends ApiTest {
  private static final String MAPPINGS =
      SERVICES.replace("/v1/", "/v1beta1/").replace("services", "domainmappings");
  private static final String MAPPING =
      "{'metadata': {'name': 'a.example.com'}, 'spec': {'ref': {'apiVersion':"
          + " 'serving.knative.dev/v1', 'kind': 'Service', 'name': 'hello'}}}";

  private Answer post(String json) throws Exception {
    return api.post(MAPPINGS, json.replace('\'', '"'));
  }

  @Test
  void isMadeReadPatchedAndDeletedAsClientsOfKnativeDo() throws Exception {
    Answer made = post(MAPPING);
    assertThat(made.status()).as(made.message()).isEqualTo(201);
    assertThat(made.at("/spec/ref/namespace")).isEqualTo("default");
    assertThat(made.at("/metadata/annotations/serving.knative.dev~1creator")).isEqualTo("admin");
    String one = MAPPINGS + "/a.example.com";
    Answer patched =
        api.with(
            "PATCH",
            one,
            "application/merge-patch+json",
            "{\"spec\": {\"tls\": {\"secretName\": \"a\"}}}");
    assertThat(patched.at("/metadata/generation")).isEqualTo("2");
    assertThat(api.get(MAPPINGS).at("/items/0/metadata/name")).isEqualTo("a.example.com");
    assertThat(api.delete(one).status()).isEqualTo(200);
    assertThat(api.get(one).message())
        .isEqualTo("domainmappings.serving.knative.dev \"a.example.com\" not found");
  }

  @Test
  void isRefusedInKnativesWords() throws Exception {
    Answer answer = post(MAPPING.replace("a.example.com", "a.svc.cluster.local"));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.message())
        .isEqualTo(
            "admission webhook \"validation.webhook.serving.knative.dev\" denied the request:"
                + " validation failed: invalid name \"a.svc.cluster.local\": must not be a subdomain"
                + " of cluster local domain \"cluster.local\": metadata.name");
  }

  @Test
  void isFoundInItsOwnVersionWhileTheOthersStayPreferred() throws Exception {
    JsonNode group = api.get("/apis/serving.knative.dev").json();
    assertThat(group.at("/preferredVersion/version").asString()).isEqualTo("v1");
    assertThat(group.path("versions").findValuesAsString("version"))
        .containsExactly("v1", "v1beta1");
    JsonNode resource = api.get("/apis/serving.knative.dev/v1beta1").json().at("/resources/0");
    assertThat(resource.path("kind").asString()).isEqualTo("DomainMapping");
    assertThat(resource.at("/shortNames/0").asString()).isEqualTo("dm");
    Answer table =
        api.send(
            api.request(MAPPINGS).header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"));
    assertThat(table.json().path("columnDefinitions").findValuesAsString("name"))
        .containsExactly("Name", "URL", "Ready", "Reason");
    assertThat(
            api.get("/openapi/v3/apis/serving.knative.dev/v1beta1")
                .json()
                .at("/components/schemas/dev.knative.serving.v1beta1.DomainMapping/properties")
                .has("spec"))
        .isTrue();
  }
}
