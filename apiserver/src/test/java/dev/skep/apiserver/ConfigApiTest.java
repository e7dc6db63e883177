package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import org.junit.jupiter.api.Test;

class ConfigApiTest extends ApiTest {
  private static final String MAPS = "/api/v1/namespaces/default/configmaps";
  private static final String SECRETS = "/api/v1/namespaces/default/secrets";

  private Answer send(String method, String path, String json) throws Exception {
    return api.with(method, path, "application/json", json);
  }

  private Answer map(String name, String fields) throws Exception {
    return send("POST", MAPS, "{\"metadata\":{\"name\":\"%s\"}%s}".formatted(name, fields));
  }

  private Answer secret(String name, String fields) throws Exception {
    return send("POST", SECRETS, "{\"metadata\":{\"name\":\"%s\"}%s}".formatted(name, fields));
  }

  @Test
  void keepsConfigMaps() throws Exception {
    Answer created =
        map("settings.v1", ",\"data\":{\"a.b\":\"1\"},\"binaryData\":{\"c\":\"AAE=\"}");
    assertThat(created.status()).as(created.message()).isEqualTo(201);
    assertThat(created.at("/kind")).isEqualTo("ConfigMap");
    assertThat(created.at("/apiVersion")).isEqualTo("v1");
    assertThat(created.json().at("/metadata/annotations").isMissingNode()).isTrue();

    Answer patched =
        api.with(
            "PATCH",
            MAPS + "/settings.v1",
            "application/merge-patch+json",
            "{\"data\":{\"d\":\"2\"}}");
    assertThat(patched.json().at("/data").size()).isEqualTo(2);
    assertThat(api.get(MAPS).json().at("/items/0/data/d").asString()).isEqualTo("2");
    assertThat(api.get(MAPS).at("/kind")).isEqualTo("ConfigMapList");
    assertThat(send("DELETE", MAPS + "/settings.v1", "").status()).isEqualTo(200);
    assertThat(api.get(MAPS + "/settings.v1").status()).isEqualTo(404);
  }

  @Test
  void encodesTheTextsOfSecrets() throws Exception {
    Answer created = secret("keys", ",\"data\":{\"a\":\"eA==\"},\"stringData\":{\"b\":\"hush\"}");
    assertThat(created.at("/type")).isEqualTo("Opaque");
    assertThat(created.at("/data/a")).isEqualTo("eA==");
    assertThat(created.at("/data/b")).isEqualTo("aHVzaA==");
    assertThat(created.json().has("stringData")).isFalse();
  }

  @Test
  void refusesWhatKubernetesRefuses() throws Exception {
    assertThat(map("Bad", "").message()).contains("metadata.name");
    assertThat(map("a", ",\"data\":{\"a b\":\"\"}").message()).contains("a valid config key");
    assertThat(map("a", ",\"data\":{\"..\":\"\"}").message()).contains("a valid config key");
    assertThat(map("a", ",\"data\":{\"k\":\"\"},\"binaryData\":{\"k\":\"\"}").message())
        .contains("duplicate of key");
    assertThat(map("a", ",\"data\":{\"k\":\"%s\"}".formatted("x".repeat((1 << 20) + 1))).message())
        .contains("too long: 1048577 bytes");
    assertThat(secret("a", ",\"data\":{\"k\":\"hush!\"}").message())
        .contains("illegal base64 data: data[k]")
        .doesNotContain("hush");
    assertThat(send("POST", "/api/v1/namespaces/none/secrets", "{}").status()).isEqualTo(404);
  }

  @Test
  void immutableOnesStayAsTheyAre() throws Exception {
    map("fixed", ",\"immutable\":true,\"data\":{\"a\":\"1\"}");
    String type = "application/merge-patch+json";
    Answer changed = api.with("PATCH", MAPS + "/fixed", type, "{\"data\":{\"a\":\"2\"}}");
    assertThat(changed.status()).isEqualTo(422);
    assertThat(changed.message()).contains("immutable");
    assertThat(api.with("PATCH", MAPS + "/fixed", type, "{\"immutable\":false}").status())
        .isEqualTo(422);
    assertThat(
            api.with("PATCH", MAPS + "/fixed", type, "{\"metadata\":{\"labels\":{\"l\":\"1\"}}}")
                .status())
        .isEqualTo(200);

    secret("typed", ",\"type\":\"kubernetes.io/tls\"");
    assertThat(api.with("PATCH", SECRETS + "/typed", type, "{\"type\":\"Opaque\"}").message())
        .contains("field is immutable: type");
  }

  @Test
  void clientsFindThem() throws Exception {
    assertThat(api.get("/api/v1").json().at("/resources").toString())
        .contains("\"configmaps\"", "\"secrets\"")
        .doesNotContain("secrets/status");
    assertThat(api.get("/apis").json().at("/groups").findValuesAsString("name"))
        .doesNotContain("", "v1");
  }

  @Test
  void settingsOfKnativeAreCheckedAsItsWebhookDoes() throws Exception {
    String maps = "/api/v1/namespaces/knative-serving/configmaps";
    String json = "{\"metadata\":{\"name\":\"config-network\"},\"data\":{\"tag-template\":\"%s\"}}";
    Answer refused = send("POST", maps, json.formatted("{{.Tga}}"));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.message())
        .startsWith(
            "admission webhook \"config.webhook.serving.knative.dev\" denied the request: validation failed: ")
        .contains("tag-template:1:1");
    assertThat(send("POST", maps, json.formatted("{{.Name}}-{{.Tag}}")).status()).isEqualTo(201);
  }
}
