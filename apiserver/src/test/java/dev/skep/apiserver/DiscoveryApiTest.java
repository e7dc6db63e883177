package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What clients ask before they ask for objects. */
class DiscoveryApiTest extends ApiTest {
  private static final String AGGREGATED =
      "application/json;g=apidiscovery.k8s.io;v=%s;as=APIGroupDiscoveryList,application/json";

  @ParameterizedTest
  @CsvSource({"v2", "v2beta1"})
  void tellsAllKindsAtOnce(String version) throws Exception {
    Answer groups = api.send(api.request("/apis").header("Accept", AGGREGATED.formatted(version)));
    assertThat(groups.response().headers().firstValue("Content-Type"))
        .contains(
            "application/json;g=apidiscovery.k8s.io;v=%s;as=APIGroupDiscoveryList"
                .formatted(version));
    assertThat(groups.at("/items/0/metadata/name")).isEqualTo("serving.knative.dev");
    JsonNode services = groups.json().at("/items/0/versions/0/resources/0");
    assertThat(services.path("resource").asString()).isEqualTo("services");
    assertThat(services.at("/responseKind/kind").asString()).isEqualTo("Service");
    assertThat(services.at("/subresources/0/subresource").asString()).isEqualTo("status");
    Answer core = api.send(api.request("/api").header("Accept", AGGREGATED.formatted(version)));
    assertThat(core.at("/items/0/versions/0/resources/0/scope")).isEqualTo("Cluster");
  }

  @Test
  void tellsKindsOneByOne() throws Exception {
    JsonNode resources = api.get("/apis/serving.knative.dev/v1").json().path("resources");
    assertThat(resources.at("/0/verbs").toString()).contains("deletecollection");
    assertThat(resources.at("/1/name").asString()).isEqualTo("services/status");
    assertThat(api.get("/api/v2").status()).isEqualTo(404);
  }

  @Test
  void everyKindHasASchemaAndTakesFieldValidation() throws Exception {
    Answer index = api.get("/openapi/v3");
    int kinds = 0;
    for (Map.Entry<String, JsonNode> entry : index.json().path("paths").properties()) {
      String url = entry.getValue().path("serverRelativeURL").asString();
      Answer document = api.get(url);
      assertThat(document.response().headers().firstValue("Cache-Control"))
          .contains("public, immutable");
      for (JsonNode path : document.json().path("paths")) {
        if (path.has("patch")) {
          assertThat(path.at("/patch/parameters").toString())
              .contains("fieldValidation", "dryRun", "fieldManager", "force");
          assertThat(path.at("/patch/x-kubernetes-group-version-kind/kind").asString())
              .isNotEmpty();
        }
        for (JsonNode reference : path.findValues("$ref")) {
          String pointer = reference.asString().substring(1);
          assertThat(document.json().at(pointer).isObject()).as(pointer).isTrue();
        }
      }
      for (JsonNode schema : document.json().at("/components/schemas")) {
        kinds += schema.at("/x-kubernetes-group-version-kind").size();
      }
    }
    assertThat(kinds).as("each kind and its list").isEqualTo(2 * servedKinds());
  }

  private int servedKinds() throws Exception {
    int kinds = 0;
    for (String prefix : List.of("/api", "/apis")) {
      Answer groups = api.send(api.request(prefix).header("Accept", AGGREGATED.formatted("v2")));
      for (JsonNode resources : groups.json().findValues("resources")) {
        kinds += resources.size();
      }
    }
    return kinds;
  }

  @Test
  void documentsHaveATag() throws Exception {
    Answer first = api.get("/openapi/v3/api/v1");
    String tag = first.response().headers().firstValue("ETag").orElseThrow();
    assertThat(api.send(api.request("/openapi/v3/api/v1").header("If-None-Match", tag)).status())
        .isEqualTo(304);
    assertThat(api.get("/openapi/v3/apis/none/v1").status()).isEqualTo(404);
    assertThat(api.get("/openapi/v2").status()).isEqualTo(404);
  }

  @Test
  void describesFieldsAsTheyAreServed() throws Exception {
    JsonNode schema =
        api.get("/openapi/v3/apis/serving.knative.dev/v1")
            .json()
            .at("/components/schemas/dev.knative.serving.v1.Service");
    JsonNode spec = schema.at("/properties/spec/properties/template/properties/spec/properties");
    assertThat(spec.at("/timeoutSeconds/type").asString()).isEqualTo("integer");
    assertThat(spec.at("/serviceAccountName/description").asString()).contains("without effect");
    assertThat(spec.has("hostNetwork")).isFalse();
  }
}
