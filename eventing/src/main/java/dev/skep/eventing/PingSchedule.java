package dev.skep.eventing;

import dev.skep.api.ApiObject;
import dev.skep.api.CronSchedule;
import dev.skep.control.Clocks;
import dev.skep.control.Mailbox;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiConsumer;
import tools.jackson.databind.JsonNode;

/**
 * When PingSources are due. It belongs to the eventing thread. Times that pass while nobody runs
 * are not made up for, as in Knative.
 */
final class PingSchedule {
  static final String TYPE = "dev.knative.sources.ping";

  /** The host's clock may be set: nobody sleeps longer than that. */
  private static final Duration LONGEST_SLEEP = Duration.ofSeconds(30);

  /**
   * A PingSource.
   *
   * @param uid its feed's
   */
  record Ping(String uid, CronSchedule schedule, ZoneId zone, ApiObject object) {
    static Ping of(ApiObject ping) {
      String zone = ping.spec().path("timezone").asString("");
      return new Ping(
          ping.uid(),
          CronSchedule.parse(ping.spec().path("schedule").asString("")),
          zone.isEmpty() ? ZoneOffset.UTC : ZoneId.of(zone),
          ping);
    }

    static String source(ApiObject ping) {
      return "/apis/v1/namespaces/%s/pingsources/%s".formatted(ping.namespace(), ping.name());
    }

    /** Its event. */
    CloudEvent event(Instant now) {
      JsonNode spec = object.spec();
      CloudEventBuilder event =
          CloudEventBuilder.v1()
              .withId(UUID.randomUUID().toString())
              .withSource(URI.create(source(object)))
              .withType(TYPE)
              .withTime(now.atOffset(ZoneOffset.UTC));
      String type = spec.path("contentType").asString("");
      if (!type.isEmpty()) {
        event.withDataContentType(type);
      }
      String data = spec.path("data").asString("");
      String base64 = spec.path("dataBase64").asString("");
      if (!data.isEmpty()) {
        event.withData(data.getBytes(StandardCharsets.UTF_8));
      } else if (!base64.isEmpty()) {
        event.withData(Base64.getDecoder().decode(base64));
      }
      spec.path("ceOverrides")
          .path("extensions")
          .properties()
          .forEach(
              one ->
                  event.withExtension(
                      one.getKey(), Objects.requireNonNull(one.getValue()).asString("")));
      return event.build();
    }

    private Optional<Instant> next(Instant after) {
      return schedule.next(after, zone);
    }
  }

  private record Due(Ping ping, Instant at) {}

  private final Clocks clocks;
  private final Mailbox mailbox;
  private final BiConsumer<Ping, Instant> fire;
  private final Map<String, Due> due = new HashMap<>();
  private Instant wake = Instant.MAX;

  /**
   * @param fire called on the eventing thread with the time at which a ping was due
   */
  PingSchedule(Clocks clocks, Mailbox mailbox, BiConsumer<Ping, Instant> fire) {
    this.clocks = clocks;
    this.mailbox = mailbox;
    this.fire = fire;
  }

  /** These are all; one whose schedule is the same keeps its time. */
  void follow(Collection<Ping> pings) {
    Instant now = clocks.now();
    var next = new HashMap<String, Due>();
    for (Ping ping : pings) {
      Optional<Instant> at = known(ping).or(() -> ping.next(now));
      at.ifPresent(time -> next.put(ping.uid(), new Due(ping, time)));
    }
    due.clear();
    due.putAll(next);
    sleep(now);
  }

  /** When it is due by a schedule that is the same as before. */
  private Optional<Instant> known(Ping ping) {
    return Optional.ofNullable(due.get(ping.uid()))
        .filter(before -> before.ping().schedule().equals(ping.schedule()))
        .filter(before -> before.ping().zone().equals(ping.zone()))
        .map(Due::at);
  }

  private void sleep(Instant now) {
    Optional<Instant> first = due.values().stream().map(Due::at).min(Instant::compareTo);
    if (first.isEmpty()) {
      return;
    }
    Instant latest = now.plus(LONGEST_SLEEP);
    Instant at = first.get().isBefore(latest) ? first.get() : latest;
    if (at.isBefore(wake)) {
      wake = at;
      mailbox.after(Duration.between(now, at), () -> wake(at));
    }
  }

  private void wake(Instant planned) {
    if (!planned.equals(wake)) {
      return; // another one came before
    }
    wake = Instant.MAX;
    Instant now = clocks.now();
    for (Due one : Map.copyOf(due).values()) {
      if (!one.at().isAfter(now)) {
        due.remove(one.ping().uid());
        one.ping()
            .next(now)
            .ifPresent(next -> due.put(one.ping().uid(), new Due(one.ping(), next)));
        fire.accept(one.ping(), one.at());
      }
    }
    sleep(now);
  }
}
