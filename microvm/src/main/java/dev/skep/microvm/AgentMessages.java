package dev.skep.microvm;

import dev.skep.api.Probe;
import dev.skep.sandbox.ExecSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Between the records of the host and the JSON of the agent channel (guest/PROTOCOL.md). */
final class AgentMessages {
  private AgentMessages() {}

  static ObjectNode start(AgentConfig config, Instant now, byte[] seed) {
    ObjectNode message = bare("start");
    identity(message, config, now, seed);
    var process = message.putObject("process");
    strings(process, "argv", config.process().argv());
    strings(
        process,
        "env",
        config.process().env().entrySet().stream()
            .map(entry -> entry.getKey() + "=" + entry.getValue())
            .toList());
    process.put("user", config.process().user()).put("workingDir", config.process().workingDir());
    message
        .putObject("limits")
        .put("memoryBytes", config.limits().memoryBytes())
        .put("cpuMillis", Math.max(1, Math.round(config.limits().cpus() * 1000)));
    message.set("readiness", probe(config.readiness(), config.port()));
    return message;
  }

  static ObjectNode restored(AgentConfig config, Instant now, byte[] seed) {
    ObjectNode message = bare("restored");
    identity(message, config, now, seed);
    return message;
  }

  private static void identity(ObjectNode message, AgentConfig config, Instant now, byte[] seed) {
    var identity = message.putObject("identity").put("hostname", config.hostname());
    strings(identity, "nameservers", config.nameservers());
    strings(identity, "searchDomains", config.searchDomains());
    identity
        .put("timeNanos", epochNanos(now))
        .put("seed", Base64.getEncoder().encodeToString(seed));
  }

  static ObjectNode exec(ExecSpec command) {
    ObjectNode message = bare("exec").put("stdin", command.stdin());
    strings(message, "argv", command.argv());
    return message;
  }

  static ObjectNode bare(String type) {
    return AgentFrames.JSON.createObjectNode().put("type", type);
  }

  static AgentHello hello(JsonNode json) {
    return new AgentHello(
        json.path("protocol").asInt(0),
        state(json),
        json.path("ready").asBoolean(false),
        micros(json, "bootMicros"),
        micros(json, "listenMicros"));
  }

  static AgentEvent.Output output(JsonNode json) {
    return new AgentEvent.Output(
        json.path("stream").asInt(1) == 2,
        Instant.ofEpochSecond(0, json.path("timeNanos").asLong(0)),
        json.path("partial").asBoolean(false),
        bytes(json, "data"),
        json.path("dropped").asLong(0));
  }

  static AgentEvent.Exited exited(JsonNode json) {
    return new AgentEvent.Exited(
        json.path("code").asInt(0),
        json.path("signal").asInt(0),
        json.path("oom").asBoolean(false),
        micros(json, "ranMicros"));
  }

  static AgentStats stats(JsonNode json) {
    return new AgentStats(
        json.path("memoryTotalBytes").asLong(0),
        json.path("memoryUsedBytes").asLong(0),
        json.path("functionMemoryBytes").asLong(0),
        micros(json, "cpuMicros"),
        json.path("processes").asInt(0));
  }

  static AgentStatus status(JsonNode json) {
    return new AgentStatus(
        state(json),
        json.path("ready").asBoolean(false),
        json.path("probeAttempts").asLong(0),
        json.path("probeMessage").asString(""));
  }

  static AgentStart.Refused refused(JsonNode error) {
    String message = error.path("message").asString("the agent gave no reason");
    var cause =
        switch (error.path("code").asString("")) {
          case "ROOT" -> AgentStart.Cause.ROOT;
          case "UNKNOWN_USER" -> AgentStart.Cause.UNKNOWN_USER;
          case "UNKNOWN_GROUP" -> AgentStart.Cause.UNKNOWN_GROUP;
          case "WORKING_DIR" -> AgentStart.Cause.WORKING_DIR;
          case "MOUNT" -> AgentStart.Cause.MOUNT;
          case "COMMAND_NOT_EXECUTABLE" -> AgentStart.Cause.COMMAND_NOT_EXECUTABLE;
          case "COMMAND_NOT_FOUND" -> AgentStart.Cause.COMMAND_NOT_FOUND;
          default -> AgentStart.Cause.OTHER;
        };
    return new AgentStart.Refused(cause, message);
  }

  static Duration micros(JsonNode json, String field) {
    return Duration.ofNanos(Math.multiplyExact(json.path(field).asLong(0), 1000L));
  }

  /** Empty where the field is missing or not base64: the guest's fault, nobody's trouble. */
  static byte[] bytes(JsonNode json, String field) {
    try {
      return Base64.getDecoder().decode(json.path(field).asString(""));
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  private static ObjectNode probe(Probe probe, int port) {
    var json = AgentFrames.JSON.createObjectNode();
    switch (probe.check()) {
      case Probe.None() -> json.put("type", "none");
      case Probe.Tcp tcp -> json.put("type", "tcp").put("port", orDefault(tcp.port(), port));
      case Probe.Http http -> {
        json.put("type", "http").put("port", orDefault(http.port(), port)).put("path", http.path());
        var headers = json.putArray("headers");
        http.headers().forEach((name, value) -> headers.addArray().add(name).add(value));
      }
      case Probe.Exec exec -> strings(json.put("type", "exec"), "argv", exec.command());
      case Probe.Grpc grpc ->
          json.put("type", "grpc")
              .put("port", orDefault(grpc.port(), port))
              .put("service", grpc.service());
    }
    return json.put("initialDelayMillis", probe.initialDelay().toMillis())
        .put("periodMillis", probe.period().toMillis())
        .put("timeoutMillis", probe.timeout().toMillis())
        .put("successThreshold", probe.successThreshold())
        .put("failureThreshold", probe.failureThreshold());
  }

  private static int orDefault(int port, int defaultPort) {
    return port == 0 ? defaultPort : port;
  }

  private static AgentHello.State state(JsonNode json) {
    return switch (json.path("state").asString("")) {
      case "running" -> AgentHello.State.RUNNING;
      case "exited" -> AgentHello.State.EXITED;
      default -> AgentHello.State.IDLE;
    };
  }

  private static long epochNanos(Instant time) {
    return Math.addExact(Math.multiplyExact(time.getEpochSecond(), 1_000_000_000L), time.getNano());
  }

  private static void strings(ObjectNode json, String field, List<String> values) {
    ArrayNode array = json.putArray(field);
    values.forEach(array::add);
  }
}
