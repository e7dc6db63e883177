package dev.skep.api;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * When an instance counts as ready, and how often that is asked.
 *
 * @param check what is asked
 * @param initialDelay wait before the first question
 * @param period time between questions; zero means as fast as is sensible (1 ms at first, then
 *     backing off)
 * @param timeout of one question
 * @param successThreshold successes in a row that are needed
 * @param failureThreshold failures in a row that count as failure; ignored while {@code period} is
 *     zero
 */
public record Probe(
    Check check,
    Duration initialDelay,
    Duration period,
    Duration timeout,
    int successThreshold,
    int failureThreshold) {

  /** The question itself. A port of 0 means the container port. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = None.class, name = "none"),
    @JsonSubTypes.Type(value = Tcp.class, name = "tcp"),
    @JsonSubTypes.Type(value = Http.class, name = "http"),
    @JsonSubTypes.Type(value = Exec.class, name = "exec"),
    @JsonSubTypes.Type(value = Grpc.class, name = "grpc")
  })
  public sealed interface Check {}

  /** Nothing is asked: a process that runs is ready. */
  public record None() implements Check {}

  /** A TCP connection is accepted. */
  public record Tcp(int port) implements Check {}

  /** {@code GET path} answers 200 to 399. */
  public record Http(int port, String path, Map<String, String> headers) implements Check {
    public Http {
      headers = Map.copyOf(headers);
    }
  }

  /** The command exits with 0. */
  public record Exec(List<String> command) implements Check {
    public Exec {
      command = List.copyOf(command);
    }
  }

  /** {@code grpc.health.v1.Health/Check} answers SERVING. */
  public record Grpc(int port, String service) implements Check {}

  /** A TCP connection to the container port, asked as fast as is sensible: Knative's default. */
  public static Probe onPort() {
    return new Probe(new Tcp(0), Duration.ZERO, Duration.ZERO, Duration.ofSeconds(1), 1, 3);
  }

  /** Ready as soon as the process runs. */
  public static Probe none() {
    return new Probe(new None(), Duration.ZERO, Duration.ZERO, Duration.ofSeconds(1), 1, 3);
  }
}
