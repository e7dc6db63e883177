package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bodies that nobody should send: each is answered with what is wrong, and never with a 5xx. */
class HostileBodiesTest extends ApiTest {
  private static final int ROUNDS = 400;
  private static final String MAPS = "/api/v1/namespaces/default/configmaps";
  private static final List<String> TYPES =
      List.of(
          "application/json",
          "application/yaml",
          "application/vnd.kubernetes.protobuf",
          "application/json-patch+json",
          "application/merge-patch+json",
          "application/strategic-merge-patch+json",
          "application/apply-patch+yaml",
          "text/html");
  private static final List<String> SEEDS =
      List.of(
          "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":\"y\"},\"finalizers\":[\"a/b\"]},\"data\":{\"k\":\"v\"}}",
          "[{\"op\":\"add\",\"path\":\"/data/x\",\"value\":1},{\"op\":\"move\",\"from\":\"/data\",\"path\":\"/metadata/labels\"}]",
          "{\"metadata\":{\"managedFields\":[{\"manager\":\"m\",\"operation\":\"Apply\",\"fieldsV1\":{\"f:data\":{\"k:{\\\"a\\\":1}\":{}}}}]}}",
          "{\"$patch\":\"replace\",\"$setElementOrder/env\":[1],\"metadata\":{\"$retainKeys\":[2]}}",
          "metadata: {name: &a x, labels: *a}\ndata: !!binary x\n",
          "k8s\u0000\n\u0006\n\u0002v1\u0012\u0000\u0012\u0005\n\u0003\n\u0001a");

  private static final String KNATIVE = "/apis/serving.knative.dev/v1/namespaces/default/";
  private static final String POD =
      "{\"containers\":[{\"image\":\"a\",\"env\":[{\"name\":\"A\"}]}],\"timeoutSeconds\":1}";
  private static final List<String> OF_KNATIVE =
      List.of(
          "{\"metadata\":{\"name\":\"a\",\"ownerReferences\":[{\"kind\":\"Service\",\"uid\":\"\"}]},\"spec\":{\"template\":{\"metadata\":{\"name\":\"a-1\"},\"spec\":"
              + POD
              + "}}}",
          "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"traffic\":[{\"configurationName\":\"c\",\"tag\":\"t\",\"percent\":100}]}}",
          "{\"metadata\":{\"name\":\"a\",\"generateName\":\"b-\"},\"spec\":" + POD + "}",
          "[{\"op\":\"add\",\"path\":\"/spec/traffic/0\",\"value\":{}},{\"op\":\"remove\",\"path\":\"/spec\"}]",
          "{\"spec\":{\"traffic\":null,\"template\":{\"spec\":{\"containers\":[]}}},\"metadata\":{\"annotations\":null}}");

  @Test
  void neverMakesTheServerFail() throws Exception {
    sendRandomBodies(MAPS, SEEDS, SEEDS.getFirst());
  }

  @ParameterizedTest
  @CsvSource({"services, 0", "configurations, 0", "routes, 1", "revisions, 2"})
  void norDoKnativesKinds(String plural, int first) throws Exception {
    sendRandomBodies(KNATIVE + plural, OF_KNATIVE, OF_KNATIVE.get(first));
  }

  private void sendRandomBodies(String collection, List<String> seeds, String first)
      throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    assertThat(api.post(collection, first).status()).isEqualTo(201);
    for (int i = 0; i < ROUNDS; i++) {
      byte[] body = body(random, seeds);
      String type = TYPES.get(random.nextInt(TYPES.size()));
      String method = List.of("POST", "PUT", "PATCH", "DELETE").get(random.nextInt(4));
      String path =
          method.equals("POST") ? collection : collection + "/a?fieldManager=m&dryRun=All";
      Answer answer =
          api.send(
              api.request(path)
                  .header("Content-Type", type)
                  .method(method, BodyPublishers.ofByteArray(body)));
      assertThat(answer.status())
          .as(
              "seed %d: %s %s with %s",
              seed, method, type, new String(body, StandardCharsets.UTF_8))
          .isLessThan(500);
    }
  }

  @Test
  void warnsOfNamesThatNoHeaderCanCarry() throws Exception {
    String body = "{\"metadata\":{\"name\":\"b\"},\"a\\r\\nX-Evil: 1\":1,\"\u007f\u00e4\":2}";
    Answer answer = api.post(MAPS, body);
    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.response().headers().map()).doesNotContainKey("x-evil");
    assertThat(answer.response().headers().allValues("Warning"))
        .anyMatch(warning -> warning.contains("a??X-Evil: 1"))
        .anyMatch(warning -> warning.contains("\\\"??\\\""));
  }

  private static byte[] body(Random random, List<String> seeds) {
    byte[] body = seeds.get(random.nextInt(seeds.size())).getBytes(StandardCharsets.ISO_8859_1);
    int changes = random.nextInt(4);
    for (int i = 0; i < changes && body.length > 2; i++) {
      int at = random.nextInt(body.length);
      switch (random.nextInt(3)) {
        case 0 -> body[at] = (byte) random.nextInt(256);
        case 1 -> body[at] = (byte) "{}[]\":,0-$~/&*!\n".charAt(random.nextInt(16));
        default -> {
          var shorter = new byte[at + 1];
          System.arraycopy(body, 0, shorter, 0, shorter.length);
          body = shorter;
        }
      }
    }
    return body;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "POST|application/json|{|400|body is no JSON object",
        "POST|application/json|`` |400|body: empty",
        "POST|application/json|[]|400|expected: a JSON object",
        "POST|application/json|{\"data\":{\"a\":1}}|400|expected a string",
        "POST|application/yaml|a: [|400|body is no YAML mapping",
        "POST|application/vnd.kubernetes.protobuf|{}|400|does not appear to be a protobuf message",
        "POST|text/html|x|415|accepted media types include",
        "PATCH|application/json|{}|415|application/strategic-merge-patch+json",
        "PATCH|application/json-patch+json|{}|422|expected: an array",
        "PATCH|application/json-patch+json|[{\"op\":\"x\"}]|422|expected: add, remove",
        "PATCH|application/json-patch+json|[|400|JSON patch",
        "PATCH|application/merge-patch+json|[]|400|expected: a JSON object",
        "PATCH|application/merge-patch+json|{\"kind\":\"Pod\"}|400|does not match the expected",
        "PATCH|application/merge-patch+json|{\"metadata\":{\"name\":\"b\"}}|400|does not match the name",
        "PATCH|application/merge-patch+json|{\"metadata\":{\"resourceVersion\":\"1\"}}|409|modified",
        "PATCH|application/apply-patch+yaml|a: [|400|body is no YAML mapping",
        "PATCH|application/apply-patch+yaml|kind: Pod|400|does not match the expected"
      })
  void saysWhatIsWrong(String method, String type, String body, int status, String message)
      throws Exception {
    api.post(MAPS, SEEDS.getFirst());
    String path = method.equals("POST") ? MAPS : MAPS + "/a?fieldManager=m";
    Answer answer = api.with(method, path, type, body);
    assertThat(answer.status()).as(answer.message()).isEqualTo(status);
    assertThat(answer.message()).contains(message);
    assertThat(answer.at("/kind")).isEqualTo("Status");
  }

  @Test
  void readsNoTenMebibytes() throws Exception {
    String large = "{\"data\":{\"a\":\"" + "x".repeat(10 << 20) + "\"}}";
    api.post(MAPS, SEEDS.getFirst());
    for (String type : TYPES.subList(3, 7)) {
      assertThat(api.with("PATCH", MAPS + "/a?fieldManager=m", type, large).status())
          .isEqualTo(413);
    }
    assertThat(api.with("POST", MAPS, "application/yaml", large).status()).isEqualTo(413);
  }

  @Test
  void readsNoDeepNesting() throws Exception {
    List<String> deep =
        List.of("{\"data\":" + "[".repeat(5_000), "{\"data\":" + "{\"a\":".repeat(5_000));
    for (String body : deep) {
      assertThat(api.with("POST", MAPS, "application/yaml", body).status()).isEqualTo(400);
      assertThat(api.post(MAPS, body).status()).isEqualTo(400);
    }
  }
}
