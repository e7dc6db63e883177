package dev.skep.apiserver;

import static dev.skep.apiserver.RunningApi.SERVICES;
import static dev.skep.apiserver.RunningApi.image;
import static dev.skep.apiserver.RunningApi.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import java.util.ArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class ServiceApiTest extends ApiTest {
  @Test
  void createsADefaultedService() throws Exception {
    Answer created = api.post(SERVICES, service("hello"));
    assertThat(created.status()).isEqualTo(201);
    assertThat(created.at("/metadata/namespace")).isEqualTo("default");
    assertThat(created.at("/metadata/generation")).isEqualTo("1");
    assertThat(created.at("/metadata/uid")).hasSize(36);
    assertThat(created.at("/spec/template/spec/timeoutSeconds")).isEqualTo("300");
    assertThat(created.json().at("/metadata/annotations/serving.knative.dev~1creator").asString())
        .isEqualTo("admin");
    assertThat(
            created.json().at("/metadata/annotations/serving.knative.dev~1lastModifier").asString())
        .isEqualTo("admin");
    assertThat(api.get(SERVICES + "/hello").json()).isEqualTo(created.json());
    assertThat(api.get(SERVICES + "/hello/status").json()).isEqualTo(created.json());
  }

  @Test
  void readsYamlToo() throws Exception {
    String yaml =
        """
        apiVersion: serving.knative.dev/v1
        kind: Service
        metadata: {name: hello}
        spec:
          template:
            spec:
              containers:
              - image: hello
                resources: {limits: {cpu: 0.5}}
        """;
    Answer created = api.with("POST", SERVICES, "application/yaml", yaml);
    assertThat(created.status()).as(created.message()).isEqualTo(201);
    assertThat(created.at("/spec/template/spec/containers/0/resources/limits/cpu"))
        .isEqualTo("500m");
    assertThat(api.with("POST", SERVICES, "text/plain", yaml).at("/reason"))
        .isEqualTo("UnsupportedMediaType");
    assertThat(api.with("POST", SERVICES, "application/yaml", "- a\n").message())
        .contains("expected: a YAML mapping");
  }

  @Test
  void answersFailuresAsKubernetesDoes() throws Exception {
    api.post(SERVICES, service("hello"));
    assertStatus(
        api.post(SERVICES, service("hello")),
        409,
        "AlreadyExists",
        "services.serving.knative.dev \"hello\" already exists");
    Answer missing = api.get(SERVICES + "/other");
    assertStatus(missing, 404, "NotFound", "services.serving.knative.dev \"other\" not found");
    assertThat(missing.json().path("details").toString())
        .isEqualTo("{\"name\":\"other\",\"group\":\"serving.knative.dev\",\"kind\":\"services\"}");
    assertStatus(
        api.post(SERVICES.replace("default", "other"), service("a")),
        404,
        "NotFound",
        "namespaces \"other\" not found");
    assertStatus(
        api.get("/apis/serving.knative.dev/v1/namespaces/default/pods"),
        404,
        "NotFound",
        "could not find");
    assertStatus(api.get("/nothing"), 404, "NotFound", "could not find");
    assertStatus(
        api.delete("/apis/serving.knative.dev/v1/services"),
        405,
        "MethodNotAllowed",
        "does not allow DELETE");
    assertStatus(
        api.put(SERVICES, api.get(SERVICES + "/hello").json()), 405, "MethodNotAllowed", "PUT");
  }

  @Test
  void refusesWhatIsNoGoodObject() throws Exception {
    assertStatus(api.post(SERVICES, "{\"spec\": "), 400, "BadRequest", "body is no JSON object");
    assertStatus(api.post(SERVICES, "[]"), 400, "BadRequest", "expected: a JSON object");
    assertStatus(api.post(SERVICES, ""), 400, "BadRequest", "expected: a JSON object");
    assertStatus(api.post(SERVICES, "{} {}"), 400, "BadRequest", "body is no JSON object");
    assertStatus(
        api.post(SERVICES, "{\"spec\": {}, \"spec\": {}}"), 400, "BadRequest", "Duplicate");
    assertStatus(
        api.post(SERVICES, "{\"a\":".repeat(70) + "1" + "}".repeat(70)),
        400,
        "BadRequest",
        "depth");
    assertStatus(
        api.post(SERVICES, service("x".repeat(64))),
        400,
        "BadRequest",
        "no more than 63 characters");
    assertStatus(
        api.post(SERVICES, service("a").replace("\"Service\"", "\"Route\"")),
        400,
        "BadRequest",
        "kind in the data (Route) does not match the expected one (Service)");
    assertStatus(
        api.post(SERVICES, service("a").replace("\"name\"", "\"namespace\": \"b\", \"name\"")),
        400,
        "BadRequest",
        "does not match the namespace");
    assertStatus(
        api.post(SERVICES, service("a", "")),
        400,
        "BadRequest",
        "admission webhook \"validation.webhook.serving.knative.dev\" denied the request:"
            + " validation failed: missing field(s): spec.template.spec.containers[0].image");
    assertStatus(api.post(SERVICES, "{\"metadata\": 5}"), 400, "BadRequest", "metadata");
    assertThat(api.get(SERVICES).json().path("items")).isEmpty();
  }

  @Test
  void refusesABodyOfMoreThanThreeMebibytes() throws Exception {
    String large = service("a").replace("hello:1", "x".repeat(3 << 20));
    assertThat(api.post(SERVICES, large).status()).isEqualTo(413);
    assertThat(api.get(SERVICES).status()).isEqualTo(200);
  }

  @Test
  void treatsUnknownFieldsAsTheClientWishes() throws Exception {
    String odd =
        service("a").replace("\"spec\": {\"template\"", "\"spec\": {\"foo\": 1, \"template\"");
    assertStatus(
        api.post(SERVICES + "?fieldValidation=Strict", odd),
        400,
        "BadRequest",
        "strict decoding error: unknown field \"spec.foo\"");
    Answer warned = api.post(SERVICES, odd);
    assertThat(warned.status()).isEqualTo(201);
    assertThat(warned.response().headers().firstValue("Warning"))
        .contains("299 - \"unknown field \\\"spec.foo\\\"\"");
    assertThat(warned.json().path("spec").has("foo")).isFalse();
    Answer ignored = api.post(SERVICES + "?fieldValidation=Ignore", odd.replace("\"a\"", "\"b\""));
    assertThat(ignored.status()).isEqualTo(201);
    assertThat(ignored.response().headers().firstValue("Warning")).isEmpty();
    assertStatus(
        api.post(SERVICES + "?fieldValidation=Maybe", odd), 400, "BadRequest", "expected: Strict");
  }

  @Test
  void keepsNothingOfADryRun() throws Exception {
    assertThat(api.post(SERVICES + "?dryRun=All", service("a")).status()).isEqualTo(201);
    assertThat(api.get(SERVICES + "/a").status()).isEqualTo(404);
    JsonNode kept = api.post(SERVICES, service("a")).json();
    assertThat(api.post(SERVICES + "?dryRun=All", service("a")).status()).isEqualTo(409);
    assertThat(api.put(SERVICES + "/a?dryRun=All", image(kept, "other")).status()).isEqualTo(200);
    assertThat(api.delete(SERVICES + "/a?dryRun=All").status()).isEqualTo(200);
    assertThat(api.get(SERVICES + "/a").json()).isEqualTo(kept);
    assertStatus(api.post(SERVICES + "?dryRun=Some", service("b")), 400, "BadRequest", "dryRun");
  }

  @Test
  void generatesNames() throws Exception {
    String body = service("x").replace("\"name\"", "\"generateName\"").replace("\"x\"", "\"fn-\"");
    String first = api.post(SERVICES, body).at("/metadata/name");
    String second = api.post(SERVICES, body).at("/metadata/name");
    assertThat(first).matches("fn-[b-z2-9]{5}").isNotEqualTo(second);
    String longest = "f" + "x".repeat(62);
    Answer cut = api.post(SERVICES, body.replace("fn-", longest));
    assertThat(cut.at("/metadata/name")).hasSize(63);
  }

  @Test
  void replacesOnlyWhatTheClientHasSeen() throws Exception {
    JsonNode first = api.post(SERVICES, service("a")).json();
    Answer changed = api.put(SERVICES + "/a", image(first, "hello:2"));
    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.at("/metadata/generation")).isEqualTo("2");
    assertStatus(
        api.put(SERVICES + "/a", image(first, "hello:3")),
        409,
        "Conflict",
        "the object has been modified; please apply your changes to the latest version");
    ObjectNode blind = image(changed.json(), "hello:4");
    blind.withObject("/metadata").remove("resourceVersion");
    assertStatus(
        api.put(SERVICES + "/a", blind), 422, "Invalid", "must be specified for an update");
    assertStatus(
        api.put(SERVICES + "/a", (JsonNode) renamed(changed.json())),
        400,
        "BadRequest",
        "does not match the name on the URL");
    ObjectNode garbled = image(changed.json(), "hello:4");
    garbled.withObject("/metadata").put("resourceVersion", "abc");
    assertThat(api.put(SERVICES + "/a", garbled).status()).isEqualTo(400);
  }

  private static ObjectNode renamed(JsonNode service) {
    ObjectNode renamed = (ObjectNode) service.deepCopy();
    renamed.withObject("/metadata").put("name", "b");
    return renamed;
  }

  @Test
  void writesNothingForAReplacementThatChangesNothing() throws Exception {
    JsonNode first = api.post(SERVICES, service("a")).json();
    assertThat(api.put(SERVICES + "/a", first).json()).isEqualTo(first);
  }

  @Test
  void patchesByMergeAndByOperations() throws Exception {
    api.post(SERVICES, service("a"));
    Answer merged =
        api.with(
            "PATCH",
            SERVICES + "/a",
            "application/merge-patch+json",
            "{\"metadata\": {\"labels\": {\"x\": \"y\"}}}");
    assertThat(merged.at("/metadata/labels/x")).isEqualTo("y");
    assertThat(merged.at("/metadata/generation")).isEqualTo("1");
    Answer patched =
        api.with(
            "PATCH",
            SERVICES + "/a",
            "application/json-patch+json",
            "[{\"op\": \"replace\", \"path\": \"/spec/template/spec/containers/0/image\", \"value\": \"b\"}]");
    assertThat(patched.at("/spec/template/spec/containers/0/image")).isEqualTo("b");
    assertThat(patched.at("/metadata/generation")).isEqualTo("2");
    assertStatus(
        api.with("PATCH", SERVICES + "/a", "application/strategic-merge-patch+json", "{}"),
        415,
        "UnsupportedMediaType",
        "application/merge-patch+json");
    assertStatus(
        api.with(
            "PATCH",
            SERVICES + "/a",
            "application/merge-patch+json",
            "{\"spec\": {\"template\": {\"spec\": {\"timeoutSeconds\": 9999}}}}"),
        400,
        "BadRequest",
        "expected 0 <= 9999 <= 600");
    assertStatus(
        api.with(
            "PATCH",
            SERVICES + "/a",
            "application/merge-patch+json",
            "{\"metadata\": {\"resourceVersion\": \"1\", \"labels\": {\"x\": \"z\"}}}"),
        409,
        "Conflict",
        "modified");
  }

  @Test
  void losesNoPatchOfManyAtOnce() throws Exception {
    api.post(SERVICES, service("a"));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var patches = new ArrayList<Future<Answer>>();
      IntStream.range(0, 4)
          .forEach(
              i ->
                  patches.add(
                      threads.submit(
                          () ->
                              api.with(
                                  "PATCH",
                                  SERVICES + "/a",
                                  "application/merge-patch+json",
                                  "{\"metadata\": {\"labels\": {\"l%d\": \"v\"}}}".formatted(i)))));
      for (Future<Answer> patch : patches) {
        assertThat(patch.get().status()).isEqualTo(200);
      }
    }
    assertThat(api.get(SERVICES + "/a").json().at("/metadata/labels").size()).isEqualTo(4);
  }

  @Test
  void deletesOnce() throws Exception {
    String uid = api.post(SERVICES, service("a")).at("/metadata/uid");
    Answer wrong =
        api.with(
            "DELETE",
            SERVICES + "/a",
            "application/json",
            "{\"preconditions\": {\"uid\": \"other\"}}");
    assertStatus(wrong, 409, "Conflict", "UID in precondition: other");
    Answer deleted =
        api.with(
            "DELETE",
            SERVICES + "/a",
            "application/json",
            "{\"propagationPolicy\": \"Background\", \"preconditions\": {\"uid\": \""
                + uid
                + "\"}}");
    assertThat(deleted.status()).isEqualTo(200);
    assertThat(deleted.at("/status")).isEqualTo("Success");
    assertThat(deleted.at("/details/uid")).isEqualTo(uid);
    assertThat(api.delete(SERVICES + "/a").status()).isEqualTo(404);
  }

  @Test
  void listsWhatIsSelected() throws Exception {
    for (String name : new String[] {"a", "b", "c"}) {
      String tier = name.equals("c") ? "back" : "front";
      api.post(
          SERVICES,
          service(name)
              .replace("{\"name\"", "{\"labels\": {\"tier\": \"" + tier + "\"}, \"name\""));
    }
    assertThat(names("")).isEqualTo("a b c");
    assertThat(names("?labelSelector=tier%3Dfront")).isEqualTo("a b");
    assertThat(names("?labelSelector=tier%20in%20(back,x),!other")).isEqualTo("c");
    assertThat(names("?labelSelector=tier!=front")).isEqualTo("c");
    assertThat(names("?fieldSelector=metadata.name%3Db")).isEqualTo("b");
    assertThat(names("?labelSelector=tier%3Dfront&fieldSelector=metadata.name!%3Db"))
        .isEqualTo("a");
    assertStatus(
        api.get(SERVICES + "?fieldSelector=spec.x%3Db"),
        400,
        "BadRequest",
        "field label not supported: spec.x");
    JsonNode everywhere = api.get("/apis/serving.knative.dev/v1/services").json();
    assertThat(everywhere.path("items").size()).isEqualTo(3);
    assertThat(everywhere.path("kind").asString()).isEqualTo("ServiceList");
  }

  @Test
  void listsInPages() throws Exception {
    for (String name : new String[] {"a", "b", "c", "d", "e"}) {
      api.post(SERVICES, service(name));
    }
    JsonNode first = api.get(SERVICES + "?limit=2").json();
    assertThat(first.at("/metadata/remainingItemCount").asInt()).isEqualTo(3);
    api.delete(SERVICES + "/b"); // the last one of the page before may go
    String token = first.at("/metadata/continue").asString();
    JsonNode second = api.get(SERVICES + "?limit=2&continue=" + token).json();
    assertThat(second.at("/items/0/metadata/name").asString()).isEqualTo("c");
    JsonNode third =
        api.get(SERVICES + "?limit=2&continue=" + second.at("/metadata/continue").asString())
            .json();
    assertThat(third.path("items").size()).isEqualTo(1);
    assertThat(third.path("metadata").has("continue")).isFalse();
    assertThat(api.get(SERVICES + "?limit=x").status()).isEqualTo(400);
    assertThat(api.get(SERVICES + "?continue=x").status()).isEqualTo(400);
  }

  @Test
  void tellsClientsWhatThereIs() throws Exception {
    assertThat(api.get("/api").json().at("/versions/0").asString()).isEqualTo("v1");
    assertThat(api.get("/apis").json().at("/groups/0/name").asString())
        .isEqualTo("serving.knative.dev");
    JsonNode resources = api.get("/apis/serving.knative.dev/v1").json();
    assertThat(resources.at("/resources/0/shortNames/1").asString()).isEqualTo("ksvc");
    assertThat(api.get("/api/v1").json().at("/resources/0/name").asString())
        .isEqualTo("namespaces");
    assertThat(api.get("/api/v1/namespaces").json().at("/items/0/metadata/name").asString())
        .isEqualTo("default");
    assertThat(api.get("/api/v1/namespaces/default").at("/kind")).isEqualTo("Namespace");
    assertThat(api.get("/api/v1/namespaces/x").status()).isEqualTo(404);
    assertThat(api.get("/apis/serving.knative.dev").at("/kind")).isEqualTo("APIGroup");
    assertThat(api.get("/apis/other/v1").status()).isEqualTo(404);
  }

  private String names(String query) throws Exception {
    var names = new ArrayList<String>();
    for (JsonNode item : api.get(SERVICES + query).json().path("items")) {
      names.add(item.at("/metadata/name").asString());
    }
    return String.join(" ", names);
  }

  private static void assertStatus(Answer answer, int code, String reason, String message) {
    assertThat(answer.message()).contains(message);
    assertThat(answer.status()).isEqualTo(code);
    assertThat(answer.at("/kind")).isEqualTo("Status");
    assertThat(answer.at("/apiVersion")).isEqualTo("v1");
    assertThat(answer.at("/status")).isEqualTo("Failure");
    assertThat(answer.at("/reason")).isEqualTo(reason);
    assertThat(answer.json().path("code").asInt()).isEqualTo(code);
  }
}
