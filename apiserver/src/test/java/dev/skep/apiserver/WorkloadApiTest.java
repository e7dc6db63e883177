package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class WorkloadApiTest extends ApiTest {
  private static final String SERVICES = "/api/v1/namespaces/default/services";
  private static final String DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
  private static final String FUNCTIONS =
      "/apis/serving.knative.dev/v1/namespaces/default/services";

  private Answer send(String method, String path, String json) throws Exception {
    return api.with(method, path, "application/json", json.replace('\'', '"'));
  }

  private Answer service(String name, String spec) throws Exception {
    return send(
        "POST",
        SERVICES,
        "{'metadata': {'name': '%s'}, 'spec': {'ports': [{'port': 80}] %s}}".formatted(name, spec));
  }

  @Test
  void servicesGetAnAddressAndKeepIt() throws Exception {
    Answer created = service("redis", "");
    assertThat(created.status()).as(created.message()).isEqualTo(201);
    String address = created.at("/spec/clusterIP");
    assertThat(address).startsWith("10.200.0.");
    assertThat(created.at("/spec/clusterIPs/0")).isEqualTo(address);

    Answer replaced =
        send(
            "PUT",
            SERVICES + "/redis",
            "{'metadata': {'name': 'redis', 'resourceVersion': '%s'}, 'spec': {'ports': [{'port': 81}]}}"
                .formatted(created.at("/metadata/resourceVersion")));
    assertThat(replaced.status()).as(replaced.message()).isEqualTo(200);
    assertThat(replaced.at("/spec/clusterIP")).isEqualTo(address);

    Answer moved =
        api.with(
            "PATCH",
            SERVICES + "/redis",
            "application/merge-patch+json",
            "{\"spec\":{\"clusterIP\":\"10.200.0.99\"}}");
    assertThat(moved.status()).isEqualTo(422);
    assertThat(moved.message()).contains("may not change once set");
  }

  @Test
  void addressesMayBeChosenWhileTheyAreFree() throws Exception {
    assertThat(service("a", ", 'clusterIP': '10.200.0.3'").status()).isEqualTo(201);
    assertThat(service("b", ", 'clusterIP': '10.200.0.3'").message())
        .contains("failed to allocate IP 10.200.0.3: provided IP is already allocated");
    assertThat(service("b", ", 'clusterIP': '10.1.0.3'").message())
        .contains("the provided IP is not in the valid range", "10.200.0.0/29");
    assertThat(service("b", ", 'clusterIP': 'None'").status()).isEqualTo(201);
    for (int i = 0; i < 5; i++) {
      assertThat(service("more-" + i, "").status()).isEqualTo(201);
    }
    Answer full = service("last", "");
    assertThat(full.status()).isEqualTo(507);
    assertThat(full.message()).contains("range is full");
  }

  @Test
  void aServiceAndAFunctionNeverShareAName() throws Exception {
    String function =
        "{'metadata': {'name': '%s'}, 'spec': {'template': {'spec': {'containers': [{'image': 'a'}]}}}}";
    assertThat(send("POST", FUNCTIONS, function.formatted("one")).status()).isEqualTo(201);
    Answer second = service("one", "");
    assertThat(second.status()).isEqualTo(409);
    assertThat(second.message()).contains("is the name of a function");
    assertThat(service("two", "").status()).isEqualTo(201);
    assertThat(send("POST", FUNCTIONS, function.formatted("two")).message())
        .contains("is the name of a Service");
  }

  @Test
  void deploymentsAreCheckedAndPrintedAsKubernetesDoes() throws Exception {
    Answer bad = send("POST", DEPLOYMENTS, "{'metadata': {'name': 'redis'}, 'spec': {}}");
    assertThat(bad.status()).isEqualTo(422);
    assertThat(bad.message())
        .startsWith("Deployment.apps \"redis\" is invalid: [spec.selector: Required value");

    Answer good =
        send(
            "POST",
            DEPLOYMENTS,
            "{'metadata': {'name': 'redis'}, 'spec': {'selector': {'matchLabels': {'a': 'b'}},"
                + "'template': {'metadata': {'labels': {'a': 'b'}}, 'spec': {'containers': [{'name': 'c', 'image': 'redis'}]}}}}");
    assertThat(good.status()).as(good.message()).isEqualTo(201);
    assertThat(good.json().at("/metadata/annotations").isMissingNode()).isTrue();
    Answer table =
        api.send(
            api.request(DEPLOYMENTS)
                .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"));
    assertThat(table.json().at("/columnDefinitions").findValuesAsString("name"))
        .containsExactly("Name", "Ready", "Up-to-date", "Available", "Age");
    assertThat(table.at("/rows/0/cells/1")).isEqualTo("0/1");
  }

  @Test
  void instancesOfFunctionsArePodsToRead() throws Exception {
    String pods = "/api/v1/namespaces/default/pods";
    api.instances.add("g5mk9n5h4d", "hello", "ready");
    Path log = api.state.resolve("instance.log");
    Files.writeString(log, "2026-01-02T03:04:05.678901234Z stdout F I am here\n");
    api.instances.logs.put("g5mk9n5h4d", log);

    Answer all = api.get(pods);
    assertThat(all.json().at("/items")).hasSize(1);
    Answer one = api.get(pods + "/pod-g5mk9n5h4d");
    assertThat(one.json()).isEqualTo(all.json().at("/items/0"));
    assertThat(one.at("/metadata/resourceVersion")).isEqualTo(all.at("/metadata/resourceVersion"));
    assertThat(api.get(pods + "?labelSelector=app%3Dother").json().at("/items")).isEmpty();
    assertThat(api.get("/api/v1/namespaces/other/pods").json().at("/items")).isEmpty();
    assertThat(text(pods + "/pod-g5mk9n5h4d/log")).isEqualTo("I am here\n");
    assertThat(api.delete(pods + "/pod-g5mk9n5h4d").status()).isEqualTo(403);
  }

  private String text(String path) throws Exception {
    return api.client.send(api.request(path).build(), BodyHandlers.ofString()).body();
  }

  @Test
  void podsAreReadOnly() throws Exception {
    Answer created = send("POST", "/api/v1/namespaces/default/pods", "{'metadata': {'name': 'a'}}");
    assertThat(created.status()).isEqualTo(405);
    assertThat(api.get("/api/v1/namespaces/default/pods").at("/kind")).isEqualTo("PodList");
    assertThat(api.get("/api/v1/namespaces/default/pods/a/log").status()).isEqualTo(404);
    assertThat(api.get("/apis/apps/v1").json().at("/resources/0/name").asString())
        .isEqualTo("deployments");
  }
}
