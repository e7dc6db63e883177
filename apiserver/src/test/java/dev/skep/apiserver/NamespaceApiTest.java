package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import dev.skep.store.ResourceKind;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NamespaceApiTest extends ApiTest {
  private static final String NAMESPACES = "/api/v1/namespaces";

  private Answer create(String name) throws Exception {
    return api.post(NAMESPACES, "{\"metadata\":{\"name\":\"%s\"}}".formatted(name));
  }

  @Test
  void thereIsAlwaysADefaultOne() throws Exception {
    Answer found = api.get(NAMESPACES + "/default");
    assertThat(found.at("/status/phase")).isEqualTo("Active");
    assertThat(found.at("/metadata/labels/kubernetes.io~1metadata.name")).isEqualTo("default");
    Answer kept = api.delete(NAMESPACES + "/default");
    assertThat(kept.status()).isEqualTo(403);
    assertThat(kept.message())
        .isEqualTo("namespaces \"default\" is forbidden: this namespace may not be deleted");
  }

  @Test
  void holdsObjectsOfItsOwn() throws Exception {
    assertThat(create("team").at("/status/phase")).isEqualTo("Active");
    String services = RunningApi.SERVICES.replace("default", "team");
    api.post(RunningApi.SERVICES, RunningApi.service("a"));
    Answer created = api.post(services, RunningApi.service("a"));
    assertThat(created.status()).as(created.message()).isEqualTo(201);
    assertThat(created.at("/metadata/namespace")).isEqualTo("team");
    assertThat(api.get(services).json().path("items").size()).isOne();
    assertThat(api.get("/apis/serving.knative.dev/v1/services").json().path("items").size())
        .isEqualTo(2);
  }

  @Test
  void refusesObjectsInUnknownOnes() throws Exception {
    Answer refused =
        api.post(RunningApi.SERVICES.replace("default", "none"), RunningApi.service("a"));
    assertThat(refused.status()).isEqualTo(404);
    assertThat(refused.message()).isEqualTo("namespaces \"none\" not found");
    assertThat(refused.at("/details/kind")).isEqualTo("namespaces");
    assertThat(create("Bad").message()).contains("a lowercase RFC 1123 label");
    assertThat(create("default").status()).isEqualTo(409);
  }

  @Test
  void takesItsObjectsWithIt() throws Exception {
    create("team");
    api.post(RunningApi.SERVICES.replace("default", "team"), RunningApi.service("a"));
    api.post("/api/v1/namespaces/team/secrets", "{\"metadata\":{\"name\":\"a\"}}");
    Answer deleted = api.delete(NAMESPACES + "/team");
    assertThat(deleted.at("/status/phase")).isEqualTo("Terminating");
    assertThat(api.get(NAMESPACES + "/team").status()).isEqualTo(404);
    assertThat(api.store.list(ResourceKind.SECRET, Optional.empty()).items()).isEmpty();
    assertThat(api.store.list(ResourceKind.KNATIVE_SERVICE, Optional.empty()).items()).isEmpty();
    assertThat(create("team").status()).isEqualTo(201);
  }

  @Test
  void takesNothingNewWhileItEndsAndIsFinishedAfterARestart() throws Exception {
    create("team");
    api.post("/api/v1/namespaces/team/secrets", "{\"metadata\":{\"name\":\"a\"}}");
    api.store.updateStatus(
        ResourceKind.NAMESPACE, "", "team", status -> status.put("phase", "Terminating"));
    Answer refused = api.post("/api/v1/namespaces/team/secrets", "{\"metadata\":{\"name\":\"b\"}}");
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.message())
        .endsWith("create new content in namespace team because it is being terminated");
    assertThat(refused.at("/details/causes/0/reason")).isEqualTo("NamespaceTerminating");
    api.close();
    api = new RunningApi(state);
    assertThat(api.get(NAMESPACES + "/team").status()).isEqualTo(404);
    assertThat(api.store.list(ResourceKind.SECRET, Optional.empty()).items()).isEmpty();
  }

  @Test
  void isInNoNamespaceItself() throws Exception {
    Answer created =
        api.post(NAMESPACES, "{\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":\"y\"}}}");
    assertThat(created.json().path("metadata").has("namespace")).isFalse();
    assertThat(api.get(NAMESPACES + "?labelSelector=x%3Dy").json().path("items").size()).isOne();
    assertThat(api.get(NAMESPACES + "/a/status").at("/metadata/name")).isEqualTo("a");
  }
}
