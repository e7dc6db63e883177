package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.api.Protocol;
import dev.skep.control.LoadSample;
import dev.skep.sandbox.StartFailure;
import dev.skep.telemetry.RequestIds;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests that come before there is a place for them. */
class ParkingTest {
  private final Harness harness = new Harness();
  private final Client client = new Client(harness.port());

  @AfterEach
  void close() {
    client.close();
    harness.close();
  }

  @Test
  void holdsRequestsUntilFirstInstanceIsReady() throws Exception {
    var response = client.sendAsync(client.request("/"));
    harness.awaitParked(1);
    assertThat(harness.news.parked).hasSize(1);
    try (Origin origin = Origin.saying("awake")) {
      harness.instances(origin.port());
      assertThat(response.get(10, TimeUnit.SECONDS).body()).isEqualTo("awake");
    }
  }

  @Test
  void tellsAColdRequestsTimesAndItsId() throws Exception {
    var response =
        client.sendAsync(
            client
                .request("/")
                .header("X-Request-Id", "abc-1")
                .header("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    harness.awaitParked(1);
    try (Origin origin = Origin.saying("awake")) {
      harness.instances(origin.port());
      assertThat(response.get(10, TimeUnit.SECONDS).headers().firstValue("Skep-Start"))
          .get()
          .asString()
          .matches("cold; id=abc-1; wait=\\d+");
      await().until(() -> harness.news.served.size() == 1);
      var served = harness.news.served.getFirst();
      assertThat(served.ids())
          .isEqualTo(new RequestIds("abc-1", Optional.of("4bf92f3577b34da6a3ce929d0e0e4736")));
      assertThat(served.instance()).isEqualTo("i-0");
      assertThat(served.dispatchedNanos()).isGreaterThan(served.arrivedNanos());
      assertThat(served.firstByteNanos()).isGreaterThanOrEqualTo(served.dispatchedNanos());
      assertThat(served.doneNanos()).isGreaterThanOrEqualTo(served.firstByteNanos());
    }
  }

  @Test
  void warmRequestsCarryNoStartHeader() throws Exception {
    try (Origin origin = Origin.saying("warm")) {
      harness.instances(origin.port());
      assertThat(client.get("/").headers().firstValue("Skep-Start")).isEmpty();
      assertThat(harness.news.parked).isEmpty();
    }
  }

  @Test
  void parkedRequestsGoOutInTheOrderInWhichTheyCame() throws Exception {
    List<String> order = new CopyOnWriteArrayList<>();
    List<CompletableFuture<HttpResponse<String>>> responses = new ArrayList<>();
    harness.gateway.revision(Harness.traffic(Protocol.HTTP1, 1));
    for (int i = 0; i < 10; i++) {
      responses.add(client.sendAsync(client.request("/" + i)));
      harness.awaitParked(i + 1);
    }
    try (Origin origin =
        new Origin(
            exchange -> {
              order.add(exchange.getRequestURI().getPath());
              Origin.answer(exchange, 200, "ok");
            })) {
      harness.instances(origin.port());
      for (var response : responses) {
        response.get(10, TimeUnit.SECONDS);
      }
      assertThat(order).containsExactly("/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9");
    }
  }

  @Test
  void neverExceedsContainerConcurrencyAndSpreadsOverInstances() throws Exception {
    harness.gateway.revision(Harness.traffic(Protocol.HTTP1, 2));
    Semaphore gate = new Semaphore(0);
    try (Tracked first = new Tracked(gate);
        Tracked second = new Tracked(gate)) {
      harness.instances(first.origin.port(), second.origin.port());
      List<CompletableFuture<HttpResponse<String>>> responses = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        responses.add(client.sendAsync(client.request("/" + i)));
      }
      harness.awaitParked(8);
      await().until(() -> first.inside.get() == 2 && second.inside.get() == 2);
      gate.release(12);
      for (var response : responses) {
        assertThat(response.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      }
      assertThat(first.most.get()).isEqualTo(2);
      assertThat(second.most.get()).isEqualTo(2);
    }
  }

  @Test
  void answers503WhenTheQueueIsFull() throws Exception {
    harness.gateway.revision(Harness.queue(0, 2));
    client.sendAsync(client.request("/"));
    client.sendAsync(client.request("/"));
    harness.awaitParked(2);
    var refused = client.get("/");
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.body()).contains("pending request queue full", "ns/hello-00001", "2");
  }

  @Test
  void answersWithTheReasonWhenStartsFail() throws Exception {
    var text = client.sendAsync(client.request("/"));
    var json = client.sendAsync(client.request("/").header("Accept", "application/json"));
    harness.awaitParked(2);
    harness.gateway.refuse(
        Harness.KEY,
        new StartFailure(
            StartFailure.Reason.GUEST_EXIT,
            "the process ended before it was ready",
            OptionalInt.of(3),
            List.of("loading", "no such \"file\"")));
    assertThat(text.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(503);
    assertThat(text.get().body())
        .contains("the process ended before it was ready (exit code 3)", "  loading\n");
    assertThat(json.get(10, TimeUnit.SECONDS).body())
        .contains("\"reason\":\"GUEST_EXIT\"", "\"no such \\\"file\\\"\"");
    harness.awaitParked(0);
  }

  @Test
  void answers404WhenTheRevisionIsForgottenWhileRequestsWait() throws Exception {
    var response = client.sendAsync(client.request("/"));
    harness.awaitParked(1);
    harness.gateway.forget(Harness.KEY);
    assertThat(response.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(404);
    assertThat(client.get("/").statusCode()).isEqualTo(404);
  }

  @Test
  void forgetsParkedRequestsWhoseClientLeft() throws Exception {
    try (Wire gone = Wire.connect(harness.port());
        Wire stays = Wire.connect(harness.port())) {
      gone.send("GET /gone HTTP/1.1\nHost: hello.test\n\n");
      stays.send("GET /stays HTTP/1.1\nHost: hello.test\n\n");
      harness.awaitParked(2);
      gone.socket().close();
      harness.awaitParked(1);
      List<String> seen = new CopyOnWriteArrayList<>();
      try (Origin origin =
          new Origin(
              exchange -> {
                seen.add(exchange.getRequestURI().getPath());
                Origin.answer(exchange, 200, "ok");
              })) {
        harness.instances(origin.port());
        assertThat(stays.head()).first().isEqualTo("HTTP/1.1 200 OK");
        assertThat(seen).containsExactly("/stays");
      }
    }
  }

  @Test
  void noticesThatAClientLeftThoughItsBodyStaysUnread() throws Exception {
    try (Wire wire = Wire.connect(harness.port())) {
      wire.send("POST / HTTP/1.1\nHost: hello.test\nContent-Length: 1000000\n\nbegun");
      harness.awaitParked(1);
      wire.socket().close();
      harness.awaitParked(0);
    }
  }

  @Test
  void aRequestThatOnlyWaitedForAFreePlaceIsNotCold() throws Exception {
    harness.gateway.revision(Harness.traffic(Protocol.HTTP1, 1));
    Semaphore gate = new Semaphore(0);
    try (Tracked tracked = new Tracked(gate)) {
      harness.instances(tracked.origin.port());
      var first = client.sendAsync(client.request("/"));
      harness.awaitInFlight(1);
      var second = client.sendAsync(client.request("/"));
      harness.awaitParked(1);
      gate.release(2);
      assertThat(first.get(10, TimeUnit.SECONDS).headers().firstValue("Skep-Start")).isEmpty();
      assertThat(second.get(10, TimeUnit.SECONDS).headers().firstValue("Skep-Start"))
          .get()
          .asString()
          .startsWith("queued; id=");
    }
  }

  @Test
  void samplesTimeWeightedConcurrency() throws Exception {
    harness.gateway.sample(Harness.KEY);
    client.sendAsync(client.request("/"));
    client.sendAsync(client.request("/"));
    harness.awaitParked(2);
    harness.gateway.sample(Harness.KEY);
    long start = System.nanoTime();
    await().pollDelay(Duration.ofMillis(50)).until(() -> true);
    LoadSample sample = harness.gateway.sample(Harness.KEY);
    assertThat(System.nanoTime() - start).isPositive();
    assertThat(sample.waiting()).isEqualTo(2);
    assertThat(sample.averageConcurrency()).isEqualTo(2.0);
    assertThat(sample.arrived()).isZero();
  }

  /** Counts who is inside; requests stay until the gate lets them go. */
  private static final class Tracked implements AutoCloseable {
    final AtomicInteger inside = new AtomicInteger();
    final AtomicInteger most = new AtomicInteger();
    final Origin origin;

    Tracked(Semaphore gate) {
      origin =
          new Origin(
              exchange -> {
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                gate.acquire();
                inside.decrementAndGet();
                Origin.answer(exchange, 200, "ok");
              });
    }

    @Override
    public void close() {
      origin.close();
    }
  }
}
