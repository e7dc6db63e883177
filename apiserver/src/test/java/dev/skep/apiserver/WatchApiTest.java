package dev.skep.apiserver;

import static dev.skep.apiserver.RunningApi.SERVICES;
import static dev.skep.apiserver.RunningApi.image;
import static dev.skep.apiserver.RunningApi.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.store.ResourceKind;
import java.net.URI;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class WatchApiTest extends ApiTest {
  @Test
  void replaysFromTheVersionAndGoesOnLive() throws Exception {
    JsonNode created = api.post(SERVICES, service("a")).json();
    api.put(SERVICES + "/a", image(created, "hello:2"));
    try (var lines = events(watch("resourceVersion=" + version(created)))) {
      var events = lines.iterator();
      assertEvent(events.next(), "MODIFIED", "a");
      api.post(SERVICES, service("b"));
      assertEvent(events.next(), "ADDED", "b");
      api.delete(SERVICES + "/b");
      assertEvent(events.next(), "DELETED", "b");
    }
  }

  @Test
  void beginsWithWhatIsThere() throws Exception {
    api.post(SERVICES, service("a"));
    try (var lines = events(watch("resourceVersion=0"))) {
      assertEvent(lines.iterator().next(), "ADDED", "a");
    }
  }

  @Test
  void marksTheEndOfTheInitialEvents() throws Exception {
    api.post(SERVICES, service("a"));
    String query =
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1";
    try (var lines = events(watch(query))) {
      List<String> all = lines.toList();
      assertEvent(all.getFirst(), "ADDED", "a");
      JsonNode end = ApiJson.parse(all.get(1).getBytes(StandardCharsets.UTF_8));
      assertThat(end.path("type").asString()).isEqualTo("BOOKMARK");
      assertThat(end.at("/object/metadata/annotations/k8s.io~1initial-events-end").asString())
          .isEqualTo("true");
    }
  }

  @Test
  void tellsOfOneServiceOnly() throws Exception {
    JsonNode a = api.post(SERVICES, service("a")).json();
    JsonNode b = api.post(SERVICES, service("b")).json();
    String query = "fieldSelector=metadata.name%3Da&timeoutSeconds=1&resourceVersion=" + version(a);
    api.put(SERVICES + "/b", image(b, "hello:2"));
    api.delete(SERVICES + "/b");
    api.put(SERVICES + "/a", image(a, "hello:2"));
    try (var lines = events(watch(query))) {
      List<String> all = lines.toList();
      assertThat(all).hasSize(1);
      assertEvent(all.getFirst(), "MODIFIED", "a");
    }
  }

  @Test
  void tellsOfObjectsThatEnterAndLeaveTheSelection() throws Exception {
    api.post(SERVICES, service("a"));
    try (var lines = events(watch("labelSelector=x%3Dy&resourceVersion=0"))) {
      var events = lines.iterator();
      label("a", "\"y\"");
      assertEvent(events.next(), "ADDED", "a");
      label("a", "\"z\"");
      assertEvent(events.next(), "DELETED", "a");
      label("a", "\"y\"");
      assertEvent(events.next(), "ADDED", "a");
      api.delete(SERVICES + "/a");
      assertEvent(events.next(), "DELETED", "a");
    }
  }

  private void label(String name, String value) throws Exception {
    api.with(
        "PATCH",
        SERVICES + "/" + name,
        "application/merge-patch+json",
        "{\"metadata\": {\"labels\": {\"x\": " + value + "}}}");
  }

  @Test
  void endsAtOnceForWhoWantsAWebSocket() throws Exception {
    URI uri = URI.create("wss://127.0.0.1:" + api.server.port() + watch("resourceVersion=0"));
    var socket =
        api.client
            .newWebSocketBuilder()
            .header("Authorization", "Bearer " + api.token)
            .buildAsync(uri, new WebSocket.Listener() {});
    assertThat(socket)
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableThat()
        .havingCause()
        .isInstanceOfSatisfying(
            WebSocketHandshakeException.class,
            e -> assertThat(e.getResponse().statusCode()).isEqualTo(200));
  }

  @Test
  void seesStatusChanges() throws Exception {
    JsonNode created = api.post(SERVICES, service("a")).json();
    try (var lines = events(watch("resourceVersion=" + version(created)))) {
      api.store.updateStatus(
          ResourceKind.KNATIVE_SERVICE,
          "default",
          "a",
          status -> status.put("observedGeneration", 1));
      JsonNode event = ApiJson.parse(lines.iterator().next().getBytes(StandardCharsets.UTF_8));
      assertThat(event.at("/object/status/observedGeneration").asInt()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "sendInitialEvents=true; requires setting resourceVersionMatch",
        "resourceVersionMatch=NotOlderThan; forbidden for watch unless sendInitialEvents",
        "sendInitialEvents=true&resourceVersionMatch=Exact; requires setting resourceVersionMatch"
      })
  void refusesOptionsThatDoNotGoTogether(String query, String message) throws Exception {
    RunningApi.Answer answer = api.get(watch(query));
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.message()).contains(message);
  }

  @Test
  void beginsNowWhereTheClientWantsNoInitialEvents() throws Exception {
    api.post(SERVICES, service("a"));
    String query = "sendInitialEvents=false&resourceVersionMatch=NotOlderThan";
    try (var lines = events(watch(query))) {
      api.post(SERVICES, service("b"));
      assertEvent(lines.iterator().next(), "ADDED", "b");
    }
  }

  @Test
  void sendsTablesWithTheirColumnsOnce() throws Exception {
    api.post(SERVICES, service("a"));
    api.post(SERVICES, service("b"));
    var request =
        api.request(watch("timeoutSeconds=1"))
            .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
    var body = api.client.send(request.build(), BodyHandlers.ofLines()).body();
    List<JsonNode> tables =
        body.filter(line -> !line.isEmpty())
            .map(line -> (JsonNode) ApiJson.parse(line.getBytes(StandardCharsets.UTF_8)))
            .toList();
    assertThat(tables.get(0).at("/object/kind").asString()).isEqualTo("Table");
    assertThat(tables.get(0).at("/object/columnDefinitions").size()).isEqualTo(6);
    assertThat(tables.get(1).at("/object/columnDefinitions").size()).isZero();
    assertThat(tables.get(1).at("/object/rows/0/cells/0").asString()).isEqualTo("b");
  }

  @Test
  void saysWhenTheVersionIsGone() throws Exception {
    RunningApi.Answer gone = api.get(watch("resourceVersion=99999"));
    assertThat(gone.status()).isEqualTo(410);
    assertThat(gone.at("/reason")).isEqualTo("Expired");
  }

  @Test
  void endsWhenItsTimeIsOver() throws Exception {
    try (var lines = events(watch("timeoutSeconds=1"))) {
      assertThat(lines.toList()).isEmpty();
    }
  }

  @Test
  void tellsAtOnceWhereItBeganToClientsThatWantToKnow() throws Exception {
    long version = api.store.list(ResourceKind.KNATIVE_SERVICE, Optional.empty()).version();
    try (var lines = events(watch("allowWatchBookmarks=true&resourceVersion=" + version))) {
      JsonNode first = ApiJson.parse(lines.iterator().next().getBytes(StandardCharsets.UTF_8));
      assertThat(first.path("type").asString()).isEqualTo("BOOKMARK");
      assertThat(version(first.path("object"))).isEqualTo(Long.toString(version));
    }
  }

  @Test
  void endsWhenTheServerCloses() throws Exception {
    long version = api.store.list(ResourceKind.KNATIVE_SERVICE, Optional.empty()).version();
    try (var _ = events(watch("resourceVersion=" + version))) {
      long began = System.nanoTime();
      api.close();
      assertThat(System.nanoTime() - began).isLessThan(10_000_000_000L);
    }
  }

  private Stream<String> events(String path) throws Exception {
    return api.lines(path).filter(line -> !line.isEmpty());
  }

  private static String watch(String query) {
    return SERVICES + "?watch=true&" + query;
  }

  private static String version(JsonNode object) {
    return object.at("/metadata/resourceVersion").asString();
  }

  private static void assertEvent(String line, String type, String name) {
    JsonNode event = ApiJson.parse(line.getBytes(StandardCharsets.UTF_8));
    assertThat(event.path("type").asString()).isEqualTo(type);
    assertThat(event.at("/object/metadata/name").asString()).isEqualTo(name);
    assertThat(event.at("/object/kind").asString()).isEqualTo("Service");
  }
}
