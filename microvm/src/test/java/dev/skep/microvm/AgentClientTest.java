package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.sandbox.Mount;
import dev.skep.sandbox.ProcessSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentClientTest {
  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Instant NOW = Instant.parse("2026-11-24T17:00:00.000000001Z");
  private static final AgentConfig CONFIG =
      new AgentConfig(
          "fn-1",
          List.of("10.0.0.1"),
          List.of(),
          new ProcessSpec(List.of("/app", "-v"), Map.of("PORT", "8080"), "web", "/srv"),
          new Resources(0.5, 128L << 20),
          Probe.onPort(),
          8080,
          List.of());

  private final BlockingQueue<AgentEvent> events = new LinkedBlockingQueue<>();

  @Test
  void readsTheGreeting() throws IOException {
    try (var agent = FakeAgent.answering();
        var client = connect(agent)) {
      assertThat(client.hello())
          .isEqualTo(
              new AgentHello(
                  2,
                  AgentHello.State.RUNNING,
                  true,
                  Duration.ofMillis(1500),
                  Duration.ofMillis(90)));
    }
  }

  @Test
  void refusesAnotherProtocol() throws IOException {
    try (var agent = new FakeAgent("{\"type\":\"hello\",\"protocol\":1}", _ -> List.of())) {
      assertThatThrownBy(() -> connect(agent))
          .isInstanceOf(SkepException.class)
          .hasMessageContaining("protocol 1 (expected: hello, protocol 2)");
    }
  }

  @Test
  void givesUpOnAnAgentThatDoesNotGreet() throws IOException {
    try (var agent = new FakeAgent("", _ -> List.of())) {
      assertFails(
          Code.UNAVAILABLE,
          "within 50 ms",
          () -> AgentClient.connect("x", agent.address(), Duration.ofMillis(50), events::add));
    }
  }

  @Test
  void startSendsWhatTheAgentNeeds() throws Exception {
    try (var agent = FakeAgent.answering("{\"type\":\"reply\",\"id\":ID,\"execMicros\":1234}");
        var client = connect(agent)) {
      AgentStart outcome = client.start(CONFIG, LONG);

      assertThat(outcome).isEqualTo(new AgentStart.Started(Duration.ofNanos(1_234_000)));
      var sent = agent.request();
      assertThat(sent.at("/identity/hostname").asString()).isEqualTo("fn-1");
      assertThat(sent.at("/identity/timeNanos").asLong()).isEqualTo(1795539600000000001L);
      assertThat(Base64.getDecoder().decode(sent.at("/identity/seed").asString())).hasSize(64);
      assertThat(sent.at("/process/argv/1").asString()).isEqualTo("-v");
      assertThat(sent.at("/process/env/0").asString()).isEqualTo("PORT=8080");
      assertThat(sent.at("/limits/cpuMillis").asInt()).isEqualTo(500);
      assertThat(sent.at("/readiness/type").asString()).isEqualTo("tcp");
      assertThat(sent.at("/readiness/port").asInt()).isEqualTo(8080);
    }
  }

  @Test
  void mountsGoBeforeTheStartInFramesThatFit() throws Exception {
    byte[] large = new byte[700 << 10];
    List<Mount> mounts =
        List.of(
            new Mount.Scratch("/work/deep", OptionalLong.of(5)),
            new Mount.Scratch("/work", OptionalLong.empty()),
            new Mount.Files("/etc/app", Map.of("a", large, "b", large, "c", new byte[] {1}), 0440));
    var config =
        new AgentConfig(
            CONFIG.hostname(),
            CONFIG.nameservers(),
            CONFIG.searchDomains(),
            CONFIG.process(),
            CONFIG.limits(),
            CONFIG.readiness(),
            CONFIG.port(),
            mounts);
    try (var agent = FakeAgent.answering("{\"type\":\"reply\",\"id\":ID,\"execMicros\":1}");
        var client = connect(agent)) {
      var _ = client.start(config, LONG);

      var first = agent.request();
      assertThat(first.path("type").asString()).isEqualTo("mount");
      assertThat(first.path("path").asString()).isEqualTo("/etc/app");
      assertThat(first.path("mode").asInt()).isEqualTo(0440);
      assertThat(first.at("/files/0/name").asString()).isEqualTo("a");
      assertThat(first.path("files")).hasSize(1);
      var second = agent.request();
      assertThat(second.path("path").asString()).isEqualTo("/etc/app");
      assertThat(second.at("/files/1/data").asString()).isEqualTo("AQ==");
      assertThat(agent.request().path("sizeBytes").asLong()).isEqualTo(128L << 20);
      assertThat(agent.request().path("path").asString()).isEqualTo("/work/deep");
      assertThat(agent.request().path("type").asString()).isEqualTo("start");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "MOUNT,MOUNT",
    "COMMAND_NOT_FOUND,COMMAND_NOT_FOUND",
    "COMMAND_NOT_EXECUTABLE,COMMAND_NOT_EXECUTABLE",
    "UNKNOWN_USER,UNKNOWN_USER",
    "ROOT,ROOT",
    "SYSTEM,OTHER",
    "of-a-newer-agent,OTHER"
  })
  void refusedStartIsAValue(String code, AgentStart.Cause cause) throws IOException {
    try (var agent = FakeAgent.answering(error(code, "no such thing"));
        var client = connect(agent)) {
      assertThat(client.start(CONFIG, LONG))
          .isEqualTo(new AgentStart.Refused(cause, "no such thing"));
    }
  }

  @Test
  void execGathersBothStreams() throws IOException {
    try (var agent =
            FakeAgent.answering(
                execOutput(1, "out"),
                execOutput(2, "err"),
                execOutput(1, "put"),
                "{\"type\":\"reply\",\"id\":ID,\"code\":7}");
        var client = connect(agent)) {
      var result = client.exec(List.of("x"), LONG);

      assertThat(result.exitCode()).isEqualTo(7);
      assertThat(result.stdout()).asString().isEqualTo("output");
      assertThat(result.stderr()).asString().isEqualTo("err");
    }
  }

  @Test
  void execOutputOfAHostileGuestIsBounded() throws IOException {
    String[] answers = new String[20];
    java.util.Arrays.fill(answers, execOutput(1, "x".repeat(100_000)));
    answers[19] = "{\"type\":\"reply\",\"id\":ID,\"code\":0}";
    try (var agent = FakeAgent.answering(answers);
        var client = connect(agent)) {
      assertThat(client.exec(List.of("x"), LONG).stdout().length).isLessThanOrEqualTo(1 << 20);
    }
  }

  @Test
  void commandThatIsNotThereEndsAsInAShell() throws IOException {
    try (var agent = FakeAgent.answering(error("COMMAND_NOT_FOUND", "command x: not found"));
        var client = connect(agent)) {
      var result = client.exec(List.of("x"), LONG);

      assertThat(result.exitCode()).isEqualTo(127);
      assertThat(result.stderr()).asString().isEqualTo("command x: not found\n");
    }
  }

  @Test
  void execThatTakesTooLongIsKilled() throws Exception {
    try (var agent = FakeAgent.answering();
        var client = connect(agent)) {
      assertFails(
          Code.TIMEOUT,
          "exec of x in sandbox test: still running",
          () -> client.exec(List.of("x"), Duration.ofMillis(20)));
      assertThat(agent.request().path("type").asString()).isEqualTo("exec");
      var next = agent.request();
      while (!next.path("type").asString().equals("execKill")) {
        next = agent.request();
      }
    }
  }

  @Test
  void refusalsKeepTheirMeaning() throws IOException {
    try (var agent = FakeAgent.answering(error("STATE", "signal: the function is not running"));
        var client = connect(agent)) {
      assertFails(Code.CONFLICT, "the function is not running", () -> client.signal(15));
    }
  }

  @Test
  void readsStatsAndStatus() throws IOException {
    try (var agent =
            FakeAgent.answering(
                """
                {"type":"reply","id":ID,"memoryTotalBytes":9,"memoryUsedBytes":8,"functionMemoryBytes":7,
                "cpuMicros":6,"processes":5,"state":"exited","ready":false,"probeAttempts":4,"probeMessage":"no"}""");
        var client = connect(agent)) {
      assertThat(client.stats()).isEqualTo(new AgentStats(9, 8, 7, Duration.ofNanos(6000), 5));
      assertThat(client.status())
          .isEqualTo(new AgentStatus(AgentHello.State.EXITED, false, 4, "no"));
    }
  }

  @Test
  void deliversEventsInOrderAndConfirmsOutput() throws Exception {
    try (var agent = FakeAgent.answering();
        var client = connect(agent)) {
      agent.push("{\"type\":\"of-a-newer-agent\"}");
      agent.push("{\"type\":\"ready\",\"readyMicros\":1000,\"attempts\":3}");
      agent.push(
          """
          {"type":"output","seq":41,"stream":2,"timeNanos":1500000000,"partial":true,"dropped":2,"data":"aGk="}""");
      agent.push("{\"type\":\"exited\",\"code\":137,\"signal\":9,\"oom\":true,\"ranMicros\":2000}");

      assertThat(event()).isEqualTo(new AgentEvent.Ready(Duration.ofMillis(1), 3));
      var output = (AgentEvent.Output) event();
      assertThat(output.stderr()).isTrue();
      assertThat(output.partial()).isTrue();
      assertThat(output.dropped()).isEqualTo(2);
      assertThat(output.time()).isEqualTo(Instant.ofEpochSecond(1, 500_000_000));
      assertThat(new String(output.line(), StandardCharsets.UTF_8)).isEqualTo("hi");
      assertThat(event()).isEqualTo(new AgentEvent.Exited(137, 9, true, Duration.ofMillis(2)));
      agent.push("{\"type\":\"output\",\"seq\":42,\"stream\":1,\"data\":\"\"}");
      var ack = agent.next();
      while (ack.path("seq").asInt() != 42) { // the first may have been put off
        ack = agent.next();
      }
      assertThat(ack.path("type").asString()).isEqualTo("ack");
      assertThat(client.hello().ready()).isTrue();
    }
  }

  @Test
  void hangsUpOnFramesThatAreTooLong() throws Exception {
    assertHangsUp(agent -> agent.raw(Integer.MAX_VALUE, new byte[0]), "length 2147483647");
    assertHangsUp(agent -> agent.raw(-1, new byte[0]), "length 4294967295");
  }

  @Test
  void hangsUpOnWhatIsNoMessage() throws Exception {
    assertHangsUp(agent -> agent.push("{]"), "not JSON");
    assertHangsUp(agent -> agent.push("[]"), "expected: an object");
    assertHangsUp(agent -> agent.push("[".repeat(100_000)), "not JSON");
    assertHangsUp(
        agent -> agent.push("{\"type\":\"ready\",\"readyMicros\":9223372036854775807}"),
        "overflow");
  }

  @Test
  void whatWaitsFailsWhenTheAgentGoes() throws Exception {
    try (var agent = FakeAgent.answering();
        var client = connect(agent)) {
      var waiting = CompletableFuture.supplyAsync(client::stats);
      agent.request();
      agent.hangUp();

      assertThatThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
          .cause()
          .isInstanceOf(SkepException.class)
          .hasMessageContaining("the channel is closed");
      assertThat(event()).isEqualTo(new AgentEvent.Disconnected("end of stream"));
      assertFails(Code.UNAVAILABLE, "the channel is closed", client::stats);
    }
  }

  @Test
  void requestsHaveADeadline() throws IOException {
    try (var agent = FakeAgent.answering();
        var client = connect(agent)) {
      assertFails(
          Code.TIMEOUT,
          "no answer to 'start' within 20 ms",
          () -> client.start(CONFIG, Duration.ofMillis(20)));
    }
  }

  private interface Blow {
    void strike(FakeAgent agent) throws IOException;
  }

  private void assertHangsUp(Blow blow, String reason) throws Exception {
    try (var agent = FakeAgent.answering();
        var client = connect(agent)) {
      blow.strike(agent);

      assertThat(event())
          .isInstanceOfSatisfying(
              AgentEvent.Disconnected.class, lost -> assertThat(lost.reason()).contains(reason));
      assertFails(Code.UNAVAILABLE, "the channel is closed", client::stats);
    }
  }

  private AgentEvent event() throws InterruptedException {
    AgentEvent event = events.poll(10, TimeUnit.SECONDS);
    if (event == null) {
      throw new AssertionError("no event within 10 s");
    }
    return event;
  }

  private AgentClient connect(FakeAgent agent) {
    return AgentClient.connect(
        "test", agent.address(), LONG, events::add, InstantSource.fixed(NOW));
  }

  private static String error(String code, String message) {
    return "{\"type\":\"reply\",\"id\":ID,\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}"
        .formatted(code, message);
  }

  private static String execOutput(int stream, String text) {
    String data = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    return "{\"type\":\"execOutput\",\"id\":ID,\"stream\":%d,\"data\":\"%s\"}"
        .formatted(stream, data);
  }

  private static void assertFails(Code code, String message, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            SkepException.class, failure -> assertThat(failure.code()).isEqualTo(code))
        .hasMessageContaining(message);
  }
}
