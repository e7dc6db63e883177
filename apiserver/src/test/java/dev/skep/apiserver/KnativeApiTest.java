package dev.skep.apiserver;

import static dev.skep.apiserver.RunningApi.SERVICES;
import static dev.skep.apiserver.RunningApi.image;
import static dev.skep.apiserver.RunningApi.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.apiserver.RunningApi.Answer;
import dev.skep.store.ResourceKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Configurations, Routes and Revisions, with and without the Service that they belong to. */
class KnativeApiTest extends ApiTest {
  private static final String ROOT = SERVICES.replace("services", "");
  private static final String CONFIGURATIONS = ROOT + "configurations";
  private static final String ROUTES = ROOT + "routes";
  private static final String REVISIONS = ROOT + "revisions";
  private static final String CORE = "/api/v1/namespaces/default/services";
  private static final String MERGE = "application/merge-patch+json";
  private static final String JSON_PATCH = "application/json-patch+json";
  private static final String DENIED =
      "admission webhook \"validation.webhook.serving.knative.dev\" denied the request: validation"
          + " failed: ";

  private static final String CONFIGURATION =
      "{'metadata': {'name': 'c'}, 'spec': {'template': {'spec': {'containers': [{'image': 'a'}]}}}}";
  private static final String ROUTE =
      "{'metadata': {'name': 'r'}, 'spec': {'traffic': [{'configurationName': 'c', 'percent': 100}]}}";
  private static final String REVISION =
      "{'metadata': {'name': 'c-1'}, 'spec': {'containers': [{'image': 'a'}]}}";

  private Answer post(String path, String json) throws Exception {
    return api.post(path, json.replace('\'', '"'));
  }

  private Answer created(String path, String json) throws Exception {
    Answer answer = post(path, json);
    assertThat(answer.status()).as(answer.message()).isEqualTo(201);
    return answer;
  }

  private Answer patch(String type, String path, String json) throws Exception {
    return api.with("PATCH", path, type, json.replace('\'', '"'));
  }

  private static void assertDenied(Answer answer, String message) {
    assertThat(answer.message()).isEqualTo(DENIED + message);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.at("/reason")).isEqualTo("BadRequest");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "services|Service|[kservice, ksvc]|[Name, URL, LatestCreated, LatestReady, Ready, Reason]",
        "configurations|Configuration|[config, cfg]|[Name, LatestCreated, LatestReady, Ready, Reason]",
        "routes|Route|[rt]|[Name, URL, Ready, Reason]",
        "revisions|Revision|[rev]|[Name, Config Name, Generation, Ready, Reason, Actual Replicas, Desired Replicas]"
      })
  void areNamedAndPrintedAsKnativesOwn(String plural, String kind, String names, String columns)
      throws Exception {
    JsonNode resource =
        api.get("/apis/serving.knative.dev/v1")
            .json()
            .path("resources")
            .valueStream()
            .filter(one -> one.path("name").asString().equals(plural))
            .findFirst()
            .orElseThrow();
    assertThat(resource.path("kind").asString()).isEqualTo(kind);
    assertThat(texts(resource.path("shortNames"))).isEqualTo(names);
    assertThat(texts(resource.path("categories"))).isEqualTo("[all, knative, serving]");
    Answer table =
        api.send(
            api.request(ROOT + plural)
                .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"));
    assertThat(table.json().path("columnDefinitions").findValuesAsString("name").toString())
        .isEqualTo(columns);
    assertThat(
            api.get("/openapi/v3/apis/serving.knative.dev/v1")
                .json()
                .at("/components/schemas/dev.knative.serving.v1." + kind + "/properties")
                .has("spec"))
        .isTrue();
  }

  private static String texts(JsonNode array) {
    return array.valueStream().map(JsonNode::asString).toList().toString();
  }

  @Test
  void aConfigurationAndARouteNeedNoService() throws Exception {
    Answer configuration = created(CONFIGURATIONS, CONFIGURATION);
    assertThat(configuration.at("/spec/template/spec/timeoutSeconds")).isEqualTo("300");
    assertThat(configuration.at("/metadata/annotations/serving.knative.dev~1creator"))
        .isEqualTo("admin");
    Answer route = created(ROUTES, ROUTE);
    assertThat(route.json().at("/spec/traffic").toString())
        .isEqualTo("[{\"configurationName\":\"c\",\"percent\":100,\"latestRevision\":true}]");
    assertThat(route.at("/metadata/annotations/serving.knative.dev~1lastModifier"))
        .isEqualTo("admin");

    Answer patched =
        patch(
            JSON_PATCH,
            CONFIGURATIONS + "/c",
            "[{'op': 'replace', 'path': '/spec/template/spec/containers/0/image', 'value': 'b'}]");
    assertThat(patched.at("/metadata/generation")).isEqualTo("2");
    ObjectNode labelled = (ObjectNode) patched.json().deepCopy();
    labelled.withObject("/metadata/labels").put("x", "y");
    labelled.withObject("/metadata/annotations").put("x", "y");
    Answer replaced = api.put(CONFIGURATIONS + "/c", labelled);
    assertThat(replaced.at("/metadata/generation")).isEqualTo("2");
    assertThat(replaced.json().path("spec")).isEqualTo(patched.json().path("spec"));

    assertThat(api.get(CONFIGURATIONS).at("/items/0/metadata/name")).isEqualTo("c");
    assertThat(api.get(ROUTES + "?labelSelector=x").json().path("items").size()).isZero();
    assertDenied(
        post(ROUTES, ROUTE.replace("100", "99").replace("'r'", "'s'")),
        "Traffic targets sum to 99, want 100: spec.traffic");
    assertThat(post(CONFIGURATIONS + "?dryRun=All", CONFIGURATION.replace("'c'", "'d'")).status())
        .isEqualTo(201);
    assertThat(api.get(CONFIGURATIONS + "/d").status()).isEqualTo(404);
    assertThat(api.get(CONFIGURATIONS + "/d").message())
        .isEqualTo("configurations.serving.knative.dev \"d\" not found");
  }

  @Test
  void refusesFieldsOfOtherKinds() throws Exception {
    assertThat(
            post(
                    ROUTES + "?fieldValidation=Strict",
                    ROUTE.replace("'spec': {", "'spec': {'template': {}, "))
                .message())
        .contains("strict decoding error: unknown field \"spec.template\"");
    assertThat(
            post(
                    CONFIGURATIONS + "?fieldValidation=Strict",
                    CONFIGURATION.replace(
                        "'spec': {'template'", "'spec': {'traffic': [], 'template'"))
                .message())
        .contains("strict decoding error: unknown field \"spec.traffic\"");
  }

  @Test
  void generatesNames() throws Exception {
    String generated = "'generateName': 'route-and-config-'";
    assertThat(
            created(CONFIGURATIONS, CONFIGURATION.replace("'name': 'c'", generated))
                .at("/metadata/name"))
        .matches("route-and-config-[b-z2-9]{5}");
    assertThat(created(ROUTES, ROUTE.replace("'name': 'r'", generated)).at("/metadata/name"))
        .matches("route-and-config-[b-z2-9]{5}");
    assertDenied(
        post(
            SERVICES,
            service("a-b")
                .replace(
                    "\"spec\": {\"template\": {",
                    "\"spec\": {\"template\": {\"metadata\": {\"name\": \"b\"},")),
        "invalid value: \"b\" must have prefix \"a-b-\": spec.template.metadata.name");
  }

  @Test
  void aNamedRevisionKeepsItsTemplate() throws Exception {
    String named =
        service("a")
            .replace(
                "\"spec\": {\"template\": {",
                "\"spec\": {\"template\": {\"metadata\": {\"creationTimestamp\": null, \"name\": \"a-byoname\"},");
    Answer first = api.post(SERVICES, named);
    assertThat(first.status()).as(first.message()).isEqualTo(201);
    assertDenied(
        api.put(SERVICES + "/a", image(first.json(), "hello:2")),
        "Saw the following changes without a name change (-old +new): spec.template.metadata.name\n"
            + "spec.containers[0].image:\n\t-: \"hello:1\"\n\t+: \"hello:2\"\n");
    Answer split =
        patch(
            MERGE,
            SERVICES + "/a",
            "{'spec': {'traffic': [{'revisionName': 'a-byoname', 'percent': 100}, {'tag': 'latest'}]}}");
    assertThat(split.status()).as(split.message()).isEqualTo(200);
    assertThat(split.at("/metadata/generation")).isEqualTo("2");
    assertThat(split.json().at("/spec/traffic/1").toString())
        .isEqualTo("{\"tag\":\"latest\",\"latestRevision\":true,\"percent\":0}");
    ObjectNode renamed = image(split.json(), "hello:2");
    renamed.withObject("/spec/template/metadata").put("name", "a-two");
    assertThat(api.put(SERVICES + "/a", renamed).status()).isEqualTo(200);
  }

  @Test
  void aRevisionIsLabelledAndDeletedButNeverChanged() throws Exception {
    Answer revision = created(REVISIONS, REVISION);
    assertThat(revision.json().path("metadata").has("annotations")).isFalse();
    Answer labelled =
        patch(
            MERGE,
            REVISIONS + "/c-1",
            "{'metadata': {'labels': {'x': 'y'}, 'annotations': {'serving.knative.dev/no-gc': 'true'}}}");
    assertThat(labelled.status()).as(labelled.message()).isEqualTo(200);
    assertThat(labelled.at("/metadata/generation")).isEqualTo("1");
    assertDenied(
        patch(MERGE, REVISIONS + "/c-1", "{'spec': {'timeoutSeconds': 5}}"),
        "Immutable fields changed (-old +new): spec\ntimeoutSeconds:\n\t-: 300\n\t+: 5\n");
    assertThat(api.delete(REVISIONS + "/c-1").status()).isEqualTo(200);
    assertThat(api.get(REVISIONS + "/c-1").status()).isEqualTo(404);
  }

  @Test
  void eachKindHasAStatus() throws Exception {
    created(ROUTES, ROUTE);
    Answer status = patch(MERGE, ROUTES + "/r/status", "{'status': {'url': 'http://r'}}");
    assertThat(status.at("/status/url")).isEqualTo("http://r");
    assertThat(status.at("/metadata/generation")).isEqualTo("1");
    created(REVISIONS, REVISION);
    patch(
        MERGE,
        REVISIONS + "/c-1/status",
        "{'status': {'actualReplicas': 2, 'conditions': [{'type': 'Ready', 'status': 'True'}]}}");
    Answer table =
        api.send(
            api.request(REVISIONS)
                .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"));
    assertThat(table.json().at("/rows/0/cells").toString())
        .isEqualTo("[\"c-1\",\"\",\"\",\"True\",\"\",\"2\",\"\"]");
  }

  @Test
  void trafficIsAppliedAsAWhole() throws Exception {
    String apply = ROUTES + "/r?fieldManager=one";
    String type = "application/apply-patch+yaml";
    String kind = "{'apiVersion': 'serving.knative.dev/v1', 'kind': 'Route', ";
    assertThat(patch(type, apply, kind + ROUTE.substring(1)).status()).isEqualTo(201);
    String two =
        "{'revisionName': 'c-1', 'percent': 40}, {'configurationName': 'c', 'percent': 60}";
    Answer changed =
        patch(
            type,
            apply,
            kind + ROUTE.substring(1).replace("{'configurationName': 'c', 'percent': 100}", two));
    assertThat(changed.status()).as(changed.message()).isEqualTo(200);
    assertThat(changed.json().at("/spec/traffic").size()).isEqualTo(2);
    assertThat(changed.json().at("/metadata/managedFields/0/fieldsV1/f:spec").toString())
        .isEqualTo("{\"f:traffic\":{}}");
  }

  /** What the daemon makes of a Service. */
  private ApiObject owned(ResourceKind kind, String name, JsonNode owner, String spec) {
    ObjectNode object = (ObjectNode) ApiJson.mapper().readTree("{\"spec\": %s}".formatted(spec));
    object.put("apiVersion", kind.apiVersion()).put("kind", kind.kind());
    ObjectNode metadata =
        object.putObject("metadata").put("name", name).put("namespace", "default");
    metadata
        .putArray("ownerReferences")
        .addObject()
        .put("apiVersion", owner.path("apiVersion").asString())
        .put("kind", owner.path("kind").asString())
        .put("name", owner.at("/metadata/name").asString())
        .put("uid", owner.at("/metadata/uid").asString());
    metadata
        .putObject("labels")
        .put("serving.knative.dev/route", name)
        .put("serving.knative.dev/service", name);
    return api.store.create(kind, new ApiObject(object));
  }

  private void deploy(String name) throws Exception {
    JsonNode service = api.post(SERVICES, service(name)).json();
    String template = service.path("spec").toString();
    JsonNode configuration = owned(ResourceKind.CONFIGURATION, name, service, template).json();
    owned(ResourceKind.REVISION, name + "-00001", configuration, "{}");
    JsonNode route =
        owned(
                ResourceKind.ROUTE,
                name,
                service,
                "{\"traffic\": [{\"configurationName\": \"%s\", \"percent\": 100}]}"
                    .formatted(name))
            .json();
    owned(
        ResourceKind.SERVICE,
        name,
        route,
        "{\"type\": \"ExternalName\", \"externalName\": \"gateway\"}");
  }

  @ParameterizedTest
  @CsvSource({"Background", "Foreground"})
  void aServiceTakesAllThatBelongsToItAlong(String policy) throws Exception {
    deploy("a");
    deploy("b");
    Answer deleted =
        api.with(
            "DELETE",
            SERVICES + "/a",
            "application/json",
            "{\"propagationPolicy\": \"%s\"}".formatted(policy));
    assertThat(deleted.status()).as(deleted.message()).isEqualTo(200);
    for (String collection : new String[] {SERVICES, CONFIGURATIONS, ROUTES, CORE}) {
      assertThat(api.get(collection + "/a").status()).as(collection).isEqualTo(404);
      assertThat(api.get(collection + "/b").status()).as(collection).isEqualTo(200);
    }
    assertThat(api.get(REVISIONS + "/a-00001").status()).isEqualTo(404);
  }

  @Test
  void orphansStay() throws Exception {
    deploy("a");
    assertThat(api.delete(SERVICES + "/a?propagationPolicy=Orphan").status()).isEqualTo(200);
    assertThat(api.get(CONFIGURATIONS + "/a").json().path("metadata").has("ownerReferences"))
        .isFalse();
    assertThat(api.get(REVISIONS + "/a-00001").status()).isEqualTo(200);
  }

  @Test
  void whatBelongsToAServiceSaysNothingOfItsOwnWriters() throws Exception {
    deploy("a");
    Answer patched = patch(MERGE, ROUTES + "/a", "{'metadata': {'labels': {'x': 'y'}}}");
    assertThat(patched.status()).as(patched.message()).isEqualTo(200);
    assertThat(patched.json().path("metadata").has("annotations")).isFalse();
  }

  @Test
  void aRouteAndItsCoreServiceShareAName() throws Exception {
    deploy("a");
    Answer hidden =
        patch(
            JSON_PATCH,
            CORE + "/a",
            "[{'op': 'add', 'path': '/metadata/labels/networking.knative.dev~1visibility', 'value': 'cluster-local'}]");
    assertThat(hidden.status()).as(hidden.message()).isEqualTo(200);
    assertThat(hidden.at("/spec/externalName")).isEqualTo("gateway");
    assertThat(hidden.json().path("spec").has("clusterIP")).isFalse();
    created(ROUTES, ROUTE);
    String core = "{'metadata': {'name': '%s'}, 'spec': {'ports': [{'port': 80}]}}";
    assertThat(post(CORE, core.formatted("r")).status()).isEqualTo(409);
    created(CORE, core.formatted("s"));
    assertThat(post(ROUTES, ROUTE.replace("'r'", "'s'")).message())
        .contains("is the name of a Service");
    assertThat(
            post(
                    CORE,
                    "{'metadata': {'name': 'e'}, 'spec': {'type': 'ExternalName', 'externalName': 'x'}}")
                .message())
        .contains("spec.type: Unsupported value: \"ExternalName\"", "spec.externalName: Forbidden");
  }
}
