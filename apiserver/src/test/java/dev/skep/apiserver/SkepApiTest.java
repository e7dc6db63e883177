package dev.skep.apiserver;

import static dev.skep.apiserver.RunningApi.SKEP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.telemetry.ColdStart;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class SkepApiTest extends ApiTest {
  private static final String INSTANCES = SKEP + "/namespaces/default/instances";

  @Test
  void listsInstancesOfOneService() throws Exception {
    api.instances.add("i1", "hello", "ready");
    api.instances.add("i2", "other", "stopped");
    JsonNode items = api.get(INSTANCES + "?service=hello").json().path("items");
    assertThat(items.size()).isEqualTo(1);
    assertThat(items.get(0).path("name").asString()).isEqualTo("i1");
    assertThat(items.get(0).path("createdAt").asString()).isEqualTo("1970-01-01T00:00:00Z");
    assertThat(items.get(0).path("readyAt").isNull()).isTrue();
    assertThat(api.get(INSTANCES).json().path("items").size()).isEqualTo(2);
    assertThat(api.get(SKEP + "/instances").json().path("items").size()).isEqualTo(2);
    assertThat(api.get(INSTANCES.replace("default", "x")).json().path("items").size()).isZero();
  }

  @Test
  void showsTheLastDecisionAboutARevision() throws Exception {
    api.instances.add("i1", "hello", "ready");
    api.instances.add("i2", "other", "ready");
    JsonNode items = api.get(SKEP + "/scaling?service=hello").json().path("items");

    assertThat(items.size()).isEqualTo(1);
    assertThat(items.get(0).path("policy").asString()).isEqualTo("kpa.autoscaling.knative.dev");
    assertThat(items.get(0).path("why").asString()).isEqualTo("one waits");
  }

  @Test
  void showsOneInstanceWithItsUse() throws Exception {
    api.instances.add("i1", "hello", "ready");
    RunningApi.Answer answer = api.get(INSTANCES + "/i1");
    assertThat(answer.at("/revision")).isEqualTo("hello-00001");
    assertThat(answer.at("/stats/cpu")).isEqualTo("PT0.005S");
    assertThat(answer.at("/pagedMemory/install")).isEqualTo("PT0.002S");
    assertThat(api.get(INSTANCES + "/i9").status()).isEqualTo(404);
    assertThat(api.get(INSTANCES.replace("default", "x") + "/i1").status()).isEqualTo(404);
    assertThat(api.delete(INSTANCES + "/i1").status()).isEqualTo(405);
  }

  @Test
  void sendsTheTailOfALog() throws Exception {
    log("i1", "one\ntwo\nthree\n");
    assertThat(text(INSTANCES + "/i1/log")).isEqualTo("one\ntwo\nthree\n");
    assertThat(text(INSTANCES + "/i1/log?tail=2")).isEqualTo("two\nthree\n");
    assertThat(text(INSTANCES + "/i1/log?tail=0")).isEmpty();
    assertThat(text(INSTANCES + "/i1/log?tail=9")).isEqualTo("one\ntwo\nthree\n");
  }

  @Test
  void followsALogUntilItsInstanceHasStopped() throws Exception {
    Path file = log("i1", "one\n");
    try (var lines = api.lines(INSTANCES + "/i1/log?follow=true&tail=1")) {
      var seen = lines.iterator();
      assertThat(seen.next()).isEqualTo("one");
      Files.writeString(file, "two\n", StandardOpenOption.APPEND);
      assertThat(seen.next()).isEqualTo("two");
      Files.writeString(file, "last\n", StandardOpenOption.APPEND);
      api.instances.add("i1", "hello", "stopped");
      assertThat(seen.next()).isEqualTo("last");
      assertThat(seen.hasNext()).isFalse();
    }
  }

  private Path log(String instance, String text) throws Exception {
    api.instances.add(instance, "hello", "ready");
    Path file = state.resolve(instance + ".log");
    Files.writeString(file, text);
    api.instances.logs.put(instance, file);
    return file;
  }

  private String text(String path) throws Exception {
    return api.client.send(api.request(path).build(), BodyHandlers.ofString()).body();
  }

  @Test
  void runsCommandsInsideAnInstance() throws Exception {
    api.instances.add("i1", "hello", "ready");
    String stdin = Base64.getEncoder().encodeToString("in".getBytes(StandardCharsets.UTF_8));
    RunningApi.Answer answer =
        api.post(
            INSTANCES + "/i1/exec", "{\"argv\": [\"echo\", \"a\"], \"stdin\": \"" + stdin + "\"}");
    assertThat(answer.json().path("exitCode").asInt()).isEqualTo(3);
    assertThat(new String(answer.json().path("stdout").binaryValue(), StandardCharsets.UTF_8))
        .isEqualTo("echo a");
    assertThat(answer.at("/stderr")).isEqualTo(stdin);
    assertThat(api.post(INSTANCES + "/i1/exec", "{}").message()).contains("argv: missing");
    assertThat(
            api.post(INSTANCES + "/i1/exec", "{\"argv\": [\"a\"], \"timeoutSeconds\": 0}")
                .message())
        .contains("timeoutSeconds: 0");
    assertThat(api.post(INSTANCES + "/i1/exec", "{\"argv\": [\"a\"], \"stdin\": \"?\"}").message())
        .contains("expected: Base64");
    api.instances.add("i2", "hello", "stopped");
    assertThat(api.post(INSTANCES + "/i2/exec", "{\"argv\": [\"a\"]}").status()).isEqualTo(404);
  }

  @Test
  void givesTheStartsThatMatch() throws Exception {
    api.starts.add(start("s3", "hello", Optional.of("r3")));
    api.starts.add(start("s2", "other", Optional.empty()));
    api.starts.add(start("s1", "hello", Optional.empty()));
    assertThat(ids("")).isEqualTo(List.of("s3", "s2", "s1"));
    assertThat(ids("?service=hello&namespace=default")).isEqualTo(List.of("s3", "s1"));
    assertThat(ids("?service=hello&limit=1")).isEqualTo(List.of("s3"));
    assertThat(ids("?requestId=r3")).isEqualTo(List.of("s3"));
    assertThat(ids("?trace=trace-of-r3")).isEqualTo(List.of("s3"));
    assertThat(ids("?instance=other-i")).isEqualTo(List.of("s2"));
    JsonNode first = api.get(SKEP + "/starts").json().at("/items/0");
    assertThat(first.path("total").asString()).isEqualTo("PT0.15S");
    assertThat(first.at("/phases/0/phase").asString()).isEqualTo("guest.boot");
    assertThat(first.path("requestId").asString()).isEqualTo("r3");
    assertThat(first.path("traceId").asString()).isEqualTo("trace-of-r3");
    assertThat(first.path("failure").isNull()).isTrue();
  }

  private List<String> ids(String query) throws Exception {
    return api.get(SKEP + "/starts" + query)
        .json()
        .path("items")
        .valueStream()
        .map(item -> item.path("id").asString())
        .toList();
  }

  private static ColdStart start(String id, String service, Optional<String> request) {
    return new ColdStart(
        id,
        service + "-i",
        "default",
        service,
        service + "-00001",
        "boot",
        "there is no snapshot yet",
        "kpa: LOAD, one waits",
        request,
        request.map("trace-of-"::concat),
        Instant.EPOCH,
        Duration.ofMillis(150),
        List.of(new PhaseRecorder.Span(Phase.GUEST_BOOT, 0, 150_000_000)),
        1,
        Optional.empty());
  }

  @Test
  void pullsImagesAndShowsHowFarItIs() throws Exception {
    List<JsonNode> lines = pull("{\"reference\": \"hello:1\"}");
    assertThat(lines.getFirst().path("step").asString()).isEqualTo("resolve");
    assertThat(lines.getLast().at("/image/references/0").asString()).isEqualTo("hello:1");
    assertThat(lines.getLast().at("/image/erofs").asString())
        .isEqualTo(api.images.find("hello:1").orElseThrow().erofs().toString());
    assertThat(api.get(SKEP + "/images").json().path("items").size()).isEqualTo(1);
    assertThat(api.get(SKEP + "/images?reference=x").json().path("items").size()).isZero();
    assertThat(api.delete(SKEP + "/images?reference=hello:1").status()).isEqualTo(200);
    assertThat(api.delete(SKEP + "/images?reference=hello:1").status()).isEqualTo(404);
    assertThat(api.delete(SKEP + "/images").status()).isEqualTo(400);
  }

  @Test
  void saysInTheLastLineWhyAnImageCannotBeHad() throws Exception {
    JsonNode last = pull("{\"reference\": \"missing:1\"}").getLast();
    assertThat(last.at("/error/reason").asString()).isEqualTo("NotFound");
    assertThat(last.at("/error/message").asString())
        .contains("image missing:1: the registry answered 404");
    assertThat(
            pull("{\"reference\": \"a\", \"path\": \"relative\"}")
                .getLast()
                .at("/error/message")
                .asString())
        .contains("absolute path");
    assertThat(api.post(SKEP + "/images", "{}").status()).isEqualTo(400);
  }

  @Test
  void importsARootFileSystemWithItsConfig() throws Exception {
    JsonNode last =
        pull("{\"reference\": \"a\", \"path\": \"/r.tar\", \"config\": {\"cmd\": [\"/app\"],"
                + " \"port\": 9, \"env\": {\"A\": \"b\"}}}")
            .getLast();
    assertThat(last.at("/image/config/cmd/0").asString()).isEqualTo("/app");
    assertThat(last.at("/image/config/port").asInt()).isEqualTo(9);
    assertThat(last.at("/image/config/env/A").asString()).isEqualTo("b");
  }

  private List<JsonNode> pull(String order) throws Exception {
    var request =
        api.request(SKEP + "/images")
            .POST(java.net.http.HttpRequest.BodyPublishers.ofString(order))
            .build();
    return api.client
        .send(request, BodyHandlers.ofLines())
        .body()
        .<JsonNode>map(line -> ApiJson.parse(line.getBytes(StandardCharsets.UTF_8)))
        .toList();
  }

  @Test
  void showsStatusAndMetrics() throws Exception {
    assertThat(api.get(SKEP + "/status").at("/phase")).isEqualTo("serving");
    assertThat(text("/metrics")).isEqualTo("skep_build_info 1\n");
    assertThat(api.get(SKEP + "/nothing").status()).isEqualTo(404);
  }
}
