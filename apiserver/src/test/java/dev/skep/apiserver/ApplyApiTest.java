package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Server-side apply and who owns what. */
class ApplyApiTest extends ApiTest {
  private static final String MAP = "/api/v1/namespaces/default/configmaps/m";
  private static final String APPLY = "application/apply-patch+yaml";

  private Answer apply(String manager, String data) throws Exception {
    return apply(manager, data, "");
  }

  private Answer apply(String manager, String data, String query) throws Exception {
    String body = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":%s}".formatted(data);
    return api.with("PATCH", MAP + "?fieldManager=" + manager + query, APPLY, body);
  }

  private String data() throws Exception {
    return api.get(MAP).json().path("data").toString();
  }

  @Test
  void createsWhatIsNotThere() throws Exception {
    Answer created = apply("one", "{\"a\":\"1\"}");
    assertThat(created.status()).as(created.message()).isEqualTo(201);
    JsonNode entry = created.json().at("/metadata/managedFields/0");
    assertThat(entry.path("manager").asString()).isEqualTo("one");
    assertThat(entry.path("operation").asString()).isEqualTo("Apply");
    assertThat(entry.path("fieldsV1").toString()).isEqualTo("{\"f:data\":{\"f:a\":{}}}");
    assertThat(apply("one", "{\"a\":\"1\"}").json()).isEqualTo(created.json());
  }

  @Test
  void removesWhatIsNoLongerApplied() throws Exception {
    apply("one", "{\"a\":\"1\",\"b\":\"2\"}");
    assertThat(apply("one", "{\"b\":\"2\"}").status()).isEqualTo(200);
    assertThat(data()).isEqualTo("{\"b\":\"2\"}");
  }

  @Test
  void keepsWhatOthersOwnToo() throws Exception {
    apply("one", "{\"a\":\"1\",\"b\":\"2\"}");
    assertThat(apply("two", "{\"a\":\"1\"}").status()).isEqualTo(200);
    apply("one", "{}");
    assertThat(data()).isEqualTo("{\"a\":\"1\"}");
  }

  @Test
  void refusesToTakeFieldsOfOthersUnlessForced() throws Exception {
    apply("one", "{\"a\":\"1\",\"b\":\"2\"}");
    Answer conflict = apply("two", "{\"a\":\"3\"}");
    assertThat(conflict.status()).isEqualTo(409);
    assertThat(conflict.at("/reason")).isEqualTo("Conflict");
    assertThat(conflict.message())
        .isEqualTo("Apply failed with 1 conflict: conflict with \"one\": .data.a");
    assertThat(conflict.json().at("/details/causes/0").toString())
        .isEqualTo(
            "{\"reason\":\"FieldManagerConflict\",\"message\":\"conflict with \\\"one\\\"\",\"field\":\".data.a\"}");
    assertThat(apply("two", "{\"a\":\"3\",\"b\":\"4\"}").message())
        .isEqualTo("Apply failed with 2 conflicts: conflicts with \"one\":\n- .data.a\n- .data.b");
    assertThat(apply("two", "{\"a\":\"3\"}", "&force=true").status()).isEqualTo(200);
    assertThat(apply("one", "{\"b\":\"2\"}").status()).isEqualTo(200);
    assertThat(data()).isEqualTo("{\"a\":\"3\",\"b\":\"2\"}");
  }

  @Test
  void whoUpdatesAFieldOwnsIt() throws Exception {
    apply("one", "{\"a\":\"1\"}");
    api.with(
        "PATCH",
        MAP + "?fieldManager=editor",
        "application/merge-patch+json",
        "{\"data\":{\"a\":\"2\"}}");
    assertThat(apply("one", "{\"a\":\"1\"}").message())
        .startsWith("Apply failed with 1 conflict: conflict with \"editor\" using v1 at ")
        .endsWith(": .data.a");
    assertThat(apply("one", "{\"a\":\"2\"}").status()).isEqualTo(200);
  }

  @Test
  void keepsNothingOfADryRun() throws Exception {
    assertThat(apply("one", "{\"a\":\"1\"}", "&dryRun=All").status()).isEqualTo(201);
    assertThat(api.get(MAP).status()).isEqualTo(404);
    apply("one", "{\"a\":\"1\"}");
    assertThat(apply("one", "{\"a\":\"2\"}", "&dryRun=All").at("/data/a")).isEqualTo("2");
    assertThat(data()).isEqualTo("{\"a\":\"1\"}");
  }

  @Test
  void defaultsOfAServiceAreNoConflict() throws Exception {
    String path = RunningApi.SERVICES + "/hello";
    api.post(RunningApi.SERVICES + "?fieldManager=creator", RunningApi.service("hello"));
    Answer same = api.with("PATCH", path + "?fieldManager=one", APPLY, RunningApi.service("hello"));
    assertThat(same.status()).as(same.message()).isEqualTo(200);
    assertThat(same.at("/metadata/generation")).isEqualTo("1");
    Answer other =
        api.with("PATCH", path + "?fieldManager=one", APPLY, RunningApi.service("hello", "two"));
    assertThat(other.message()).contains("\"creator\"", ".spec.template.spec.containers");
  }

  @Test
  void wantsToKnowWhoApplies() throws Exception {
    Answer nobody = api.with("PATCH", MAP, APPLY, "{}");
    assertThat(nobody.status()).isEqualTo(422);
    assertThat(nobody.message()).contains("fieldManager: Required value");
    assertThat(
            api.with("PATCH", MAP + "?force=true", "application/merge-patch+json", "{}").message())
        .contains("force: Forbidden");
  }

  @Test
  void refusesUnknownFieldsAndOwnershipInWhatIsApplied() throws Exception {
    String body = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",%s}";
    String path = MAP + "?fieldManager=one&fieldValidation=Strict";
    assertThat(api.with("PATCH", path, APPLY, body.formatted("\"x\":1")).message())
        .contains("unknown field \"x\"");
    String managed = "\"metadata\":{\"managedFields\":[{\"manager\":\"x\"}]}";
    assertThat(api.with("PATCH", path, APPLY, body.formatted(managed)).message())
        .isEqualTo("metadata.managedFields must be nil");
  }
}
