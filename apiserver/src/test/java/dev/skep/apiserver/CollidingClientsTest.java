package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Clients that are in each other's way, and one that is too slow. */
class CollidingClientsTest extends ApiTest {
  private static final String MAPS = "/api/v1/namespaces/default/configmaps";

  private String version() throws Exception {
    return api.get(MAPS).at("/metadata/resourceVersion");
  }

  private static String map(String name, String value) {
    return "{\"metadata\":{\"name\":\"%s\"},\"data\":{\"k\":\"%s\"}}".formatted(name, value);
  }

  @Test
  void fiftyWritersLoseNoUpdate() throws Exception {
    int writers = 50;
    api.post(MAPS, map("counter", "0"));
    var conflicts = new AtomicInteger();
    var start = new CountDownLatch(1);
    CompletableFuture<?>[] all =
        IntStream.range(0, writers)
            .mapToObj(
                _ ->
                    CompletableFuture.runAsync(
                        () -> addOne(start, conflicts), task -> Thread.ofVirtual().start(task)))
            .toArray(CompletableFuture<?>[]::new);
    start.countDown();
    CompletableFuture.allOf(all).get(60, TimeUnit.SECONDS);
    assertThat(api.get(MAPS + "/counter").at("/data/k")).isEqualTo(Integer.toString(writers));
    assertThat(conflicts).hasPositiveValue();
  }

  private void addOne(CountDownLatch start, AtomicInteger conflicts) {
    try {
      start.await();
      while (true) {
        JsonNode read = api.get(MAPS + "/counter").json();
        var data = (ObjectNode) read.path("data");
        data.put("k", Integer.toString(Integer.parseInt(data.path("k").asString()) + 1));
        int status = api.put(MAPS + "/counter", read).status();
        if (status == 200) {
          return;
        }
        assertThat(status).isEqualTo(409);
        conflicts.incrementAndGet();
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void oneThatFallsTooFarBehindIsTold() throws Exception {
    try (var slow = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      slow.connect(UnixDomainSocketAddress.of(state.resolve("api.sock")));
      String path = MAPS + "?watch=true&resourceVersion=" + version();
      slow.write(
          ByteBuffer.wrap(
              "GET %s HTTP/1.1\r\nHost: skep\r\nConnection: close\r\n\r\n"
                  .formatted(path)
                  .getBytes(StandardCharsets.UTF_8)));
      change(17_000);
      var lines = new BufferedReader(Channels.newReader(slow, StandardCharsets.UTF_8)).lines();
      String error =
          lines.filter(line -> line.contains("\"type\":\"ERROR\"")).findFirst().orElseThrow();
      assertThat(error).contains("\"code\":410").contains("\"reason\":\"Expired\"");
    }
  }

  /** More than the store keeps for watches. */
  private void change(int times) throws Exception {
    CompletableFuture<?>[] all =
        IntStream.range(0, 64)
            .mapToObj(
                writer ->
                    CompletableFuture.runAsync(
                        () -> {
                          for (int i = writer; i < times; i += 64) {
                            var map = ApiJson.parse(bytes(map("m" + i, "x".repeat(512))));
                            map.put("apiVersion", "v1").put("kind", "ConfigMap");
                            map.withObject("metadata").put("namespace", "default");
                            api.store.create(ResourceKind.CONFIG_MAP, new ApiObject(map));
                          }
                        },
                        task -> Thread.ofVirtual().start(task)))
            .toArray(CompletableFuture<?>[]::new);
    CompletableFuture.allOf(all).get(60, TimeUnit.SECONDS);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
