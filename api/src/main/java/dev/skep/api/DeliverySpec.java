package dev.skep.api;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How an event is delivered ({@code delivery} of Brokers, Triggers, Channels and Subscriptions),
 * without where it goes at last.
 *
 * @param retry further attempts after the first
 * @param backoffDelay unit of the waits between attempts
 * @param timeout of one attempt; empty where the spec names none
 */
public record DeliverySpec(
    int retry, Backoff policy, Duration backoffDelay, Optional<Duration> timeout) {
  /** What Knative's ConfigMap {@code config-br-defaults} has. */
  public static final DeliverySpec DEFAULT =
      new DeliverySpec(10, Backoff.EXPONENTIAL, Duration.ofMillis(200), Optional.empty());

  private static final Duration LONGEST_WAIT = Duration.ofHours(1);
  private static final int MOST_DOUBLINGS = 30;
  private static final List<String> POLICIES = List.of("exponential", "linear");

  /** How waits grow. */
  public enum Backoff {
    EXPONENTIAL,
    LINEAR
  }

  /**
   * How long to wait before a retry: {@code delay·2^n} or {@code delay·n} for the n-th, at most an
   * hour (Knative's specification of delivery).
   *
   * @param number of the retry, from 1
   */
  public Duration wait(int number) {
    long factor = policy == Backoff.LINEAR ? number : 1L << Math.min(number, MOST_DOUBLINGS);
    Duration unit = backoffDelay.compareTo(LONGEST_WAIT) < 0 ? backoffDelay : LONGEST_WAIT;
    Duration wait = unit.multipliedBy(factor);
    return wait.compareTo(LONGEST_WAIT) < 0 ? wait : LONGEST_WAIT;
  }

  /**
   * Of a validated {@code delivery}: {@link #DEFAULT} where there is none, and no retries where one
   * names none, as in Knative.
   */
  public static DeliverySpec of(JsonNode delivery) {
    if (delivery.isEmpty()) {
      return DEFAULT;
    }
    return new DeliverySpec(
        delivery.path("retry").asInt(0),
        delivery.path("backoffPolicy").asString("").equals("linear")
            ? Backoff.LINEAR
            : DEFAULT.policy,
        duration(delivery, "backoffDelay").orElse(DEFAULT.backoffDelay),
        duration(delivery, "timeout"));
  }

  private static Optional<Duration> duration(JsonNode delivery, String field) {
    String text = delivery.path(field).asString("");
    return text.isEmpty() ? Optional.empty() : Optional.of(Duration.parse(text));
  }

  /** Writes {@link #DEFAULT} where the client said nothing of delivery. */
  static void applyDefaults(ObjectNode spec) {
    if (spec.path("delivery").isEmpty()) {
      spec.putObject("delivery")
          .put("retry", DEFAULT.retry)
          .put("backoffPolicy", "exponential")
          .put("backoffDelay", "PT0.2S");
    }
  }

  static void check(JsonNode delivery, String path, FieldErrors errors) {
    JsonNode retry = delivery.path("retry");
    if (retry.asLong(0) < 0 || retry.asLong(0) > Integer.MAX_VALUE) {
      errors.invalid(retry, path + ".retry", "expected 0 or more");
    }
    String policy = delivery.path("backoffPolicy").asString("exponential");
    if (!POLICIES.contains(policy)) {
      errors.invalid(policy, path + ".backoffPolicy", "expected exponential or linear");
    }
    period(delivery, "backoffDelay", path, errors);
    period(delivery, "timeout", path, errors);
    if (delivery.has("deadLetterSink")) {
      EventDestination.check(delivery.path("deadLetterSink"), path + ".deadLetterSink", errors);
    }
  }

  private static void period(JsonNode delivery, String field, String path, FieldErrors errors) {
    String text = delivery.path(field).asString("");
    try {
      if (!text.isEmpty() && (Duration.parse(text).isNegative() || text.startsWith("-"))) {
        errors.invalid(text, path + "." + field, "expected a duration that is not negative");
      }
    } catch (DateTimeParseException e) {
      errors.invalid(
          text, path + "." + field, "expected an ISO 8601 duration such as PT0.2S or PT1M");
    }
  }
}
