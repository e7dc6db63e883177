package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UserApiTest extends ApiTest {
  private static final String USERS = RunningApi.SKEP + "/users";
  private static final String REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

  private String add(String name, String role, String namespaces) throws Exception {
    Answer added =
        api.post(
            USERS,
            "{\"name\":\"%s\",\"role\":\"%s\",\"namespaces\":[%s]}"
                .formatted(name, role, namespaces));
    assertThat(added.status()).as(added.message()).isEqualTo(201);
    return added.at("/token");
  }

  private Answer as(String token, String method, String path, String body) throws Exception {
    HttpRequest.Builder request =
        api.request(path)
            .setHeader("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body));
    return api.send(request);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // role | its namespaces | method | path | allowed
        "viewer|''|GET|/apis/serving.knative.dev/v1/services|true",
        "viewer|''|GET|/api/v1/secrets|false",
        "viewer|''|GET|/api/v1/namespaces|true",
        "viewer|''|DELETE|/api/v1/namespaces/default/configmaps/a|false",
        "viewer|''|GET|/metrics|true",
        "viewer|''|GET|/apis/skep.dev/v1/users|false",
        "viewer|''|GET|/apis/skep.dev/v1/snapshots/x/export|false",
        "viewer|''|GET|/version|true",
        "viewer|''|GET|/openapi/v3|true",
        "viewer|default|GET|/api/v1/namespaces/default/configmaps|true",
        "viewer|default|GET|/api/v1/configmaps|false",
        "viewer|default|GET|/metrics|false",
        "viewer|default|GET|/apis/skep.dev/v1/instances|false",
        "viewer|default|GET|/apis/skep.dev/v1/namespaces/default/instances|true",
        "viewer|default|GET|/apis/skep.dev/v1/starts?namespace=default|true",
        "viewer|default|GET|/apis/skep.dev/v1/starts|false",
        "viewer|default|GET|/apis/skep.dev/v1/status|true",
        "viewer|default|POST|/apis/skep.dev/v1/namespaces/default/instances/i/exec|false",
        "deployer|default|GET|/api/v1/namespaces/default/secrets|true",
        "deployer|default|GET|/api/v1/namespaces/other/secrets|false",
        "deployer|default|DELETE|/api/v1/namespaces/default/secrets|true",
        "deployer|default|DELETE|/api/v1/namespaces/default|false",
        "deployer|''|DELETE|/api/v1/namespaces/other|false",
        "deployer|''|POST|/apis/skep.dev/v1/users|false",
        "deployer|default|POST|/apis/skep.dev/v1/snapshots?namespace=default|false",
        "deployer|default|POST|/apis/skep.dev/v1/namespaces/default/instances/i/exec|true",
        "admin|''|GET|/apis/skep.dev/v1/users|true"
      })
  void mayDoWhatTheirRolesSay(
      String role, String namespace, String method, String path, boolean allowed) throws Exception {
    String token = add("eve", role, namespace.isEmpty() ? "" : "\"%s\"".formatted(namespace));
    Answer answer = as(token, method, path, "");
    assertThat(answer.status() != 403).as(answer.message()).isEqualTo(allowed);
  }

  @Test
  void refusesInKubernetesWords() throws Exception {
    String token = add("eve", "viewer", "\"default\"");
    Answer one = as(token, "DELETE", RunningApi.SERVICES + "/a", "");
    assertThat(one.at("/reason")).isEqualTo("Forbidden");
    assertThat(one.message())
        .isEqualTo(
            "services.serving.knative.dev \"a\" is forbidden: User \"eve\" cannot delete resource \"services\" in API group \"serving.knative.dev\" in the namespace \"default\"");
    assertThat(as(token, "GET", "/api/v1/configmaps", "").message())
        .isEqualTo(
            "configmaps is forbidden: User \"eve\" cannot list resource \"configmaps\" in API group \"\" at the cluster scope");
  }

  @Test
  void answersWhatOneMayDo() throws Exception {
    String token = add("eve", "viewer", "");
    String ask =
        "{\"spec\":{\"resourceAttributes\":{\"namespace\":\"default\",\"verb\":\"%s\",\"resource\":\"configmaps\"}}}";
    assertThat(as(token, "POST", REVIEWS, ask.formatted("get")).json().at("/status/allowed"))
        .asString()
        .isEqualTo("true");
    Answer refused = as(token, "POST", REVIEWS, ask.formatted("delete"));
    assertThat(refused.json().at("/status/allowed").asBoolean()).isFalse();
    assertThat(refused.at("/status/reason")).contains("cannot delete resource \"configmaps\"");
    String self = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    assertThat(as(token, "POST", self, "{}").at("/status/userInfo/username")).isEqualTo("eve");
    String rules = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    assertThat(as(token, "POST", rules, "{}").json().at("/status/resourceRules").toString())
        .contains("\"revisions\"", "\"podautoscalers\"", "\"pods/log\"")
        .doesNotContain("secrets", "create", "\"delete\"");
  }

  @Test
  void isNamedInWhatHeCreates() throws Exception {
    String token = add("eve", "deployer", "\"default\"");
    Answer created = as(token, "POST", RunningApi.SERVICES, RunningApi.service("a"));
    assertThat(created.at("/metadata/annotations/serving.knative.dev~1creator")).isEqualTo("eve");
  }

  @Test
  void keepsDigestsOnlyAcrossARestart() throws Exception {
    String token = add("eve", "viewer", "");
    String kept = Files.readString(state.resolve("users.json"));
    assertThat(kept).contains("\"eve\"").doesNotContain(token);
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(state.resolve("users.json"))))
        .isEqualTo("rw-------");
    api.close();
    api = new RunningApi(state);
    assertThat(as(token, "GET", "/version", "").status()).isEqualTo(200);
    assertThat(api.get(USERS).json().path("items").toString())
        .isEqualTo("[{\"name\":\"eve\",\"role\":\"viewer\",\"namespaces\":[]}]");
    assertThat(api.delete(USERS + "/eve").status()).isEqualTo(200);
    assertThat(as(token, "GET", "/version", "").status()).isEqualTo(401);
    assertThat(api.delete(USERS + "/eve").status()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"name\":\"A b\",\"role\":\"viewer\"}|400|name: \"A b\"",
        "{\"name\":\"admin\",\"role\":\"viewer\"}|400|and not admin",
        "{\"name\":\"a\",\"role\":\"king\"}|400|expected: admin, deployer or viewer",
        "{\"name\":\"eve\",\"role\":\"viewer\"}|409|already exists"
      })
  void saysWhatIsNoUser(String body, int status, String message) throws Exception {
    add("eve", "viewer", "");
    Answer answer = api.post(USERS, body);
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.message()).contains(message);
  }
}
