package dev.skep.eventing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.skep.api.DeliverySpec;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.eventing.Delivery.Leg;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.format.EventDeserializationException;
import io.cloudevents.rw.CloudEventRWException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes one attempt at a delivery, on the caller's thread, and writes down what came of it. Safe
 * for use by any thread.
 *
 * @param topology as it is now
 */
record Attempt(EventQueue queue, Supplier<Topology> topology, Courier courier) {
  private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);
  private static final Duration TIMEOUT = Duration.ofMinutes(5);
  private static final Duration UNREADY = Duration.ofSeconds(10);
  private static final JsonEvents JSON = new JsonEvents();

  /** What is to be done next. */
  sealed interface Verdict {
    /**
     * The delivery is over, one way or the other.
     *
     * @param more deliveries that follow of it
     */
    record Over(List<Delivery> more) implements Verdict {}

    /**
     * It is to be tried again.
     *
     * @param failures until then
     */
    record Again(Duration after, int failures) implements Verdict {}
  }

  /** An event on its way. */
  private record Sending(Feed feed, Delivery delivery, URI to, CloudEvent event, int failures) {}

  /**
   * @param failures of this delivery so far
   * @throws SkepException UNAVAILABLE while all of this ends: nothing is known of the attempt
   */
  Verdict make(Delivery delivery, int failures) {
    Topology now = topology.get();
    if (!now.alive().contains(delivery.feed())) {
      return over(delivery, List.of()); // its object is gone
    }
    Feed feed = now.feeds().get(delivery.feed());
    if (feed == null) {
      return new Verdict.Again(UNREADY, failures); // it keeps what is its own until it is ready
    }
    Optional<URI> to = destination(feed, delivery.leg());
    if (to.isEmpty()) {
      return over(delivery, List.of()); // its object no longer has that place
    }
    Optional<byte[]> kept = queue.event(delivery);
    if (kept.isEmpty()) {
      return new Verdict.Over(List.of()); // settled by an attempt of which nothing was known
    }
    try {
      CloudEvent event = JSON.deserialize(kept.get());
      return send(new Sending(feed, delivery, to.get(), event, failures));
    } catch (EventDeserializationException | CloudEventRWException unreadable) {
      LOG.error("{}: an event is dropped, it cannot be read", feed.label(), unreadable);
      return over(delivery, List.of());
    }
  }

  private static Optional<URI> destination(Feed feed, Leg leg) {
    return switch (leg) {
      case SUBSCRIBER -> Optional.of(feed.subscriber());
      case REPLY ->
          feed.replies() instanceof Feed.Replies.To(var uri) ? Optional.of(uri) : Optional.empty();
      case DEAD_LETTER -> feed.deadLetters();
    };
  }

  private Verdict send(Sending one) {
    boolean first = one.delivery().leg() == Leg.SUBSCRIBER;
    boolean wantsReply = first && !(one.feed().replies() instanceof Feed.Replies.Nowhere);
    Duration timeout = one.feed().delivery().timeout().orElse(TIMEOUT);
    Outcome outcome = courier.send(one.to(), Events.leaving(one.event()), timeout, wantsReply);
    return switch (outcome) {
      case Outcome.Failed failed -> failed(one, failed);
      case Outcome.Taken taken when taken.stray() && first && mustAnswerWithEvents(one.feed()) ->
          failed(
              one, Outcome.Failed.answered(502, "a reply that is no CloudEvent".getBytes(UTF_8)));
      case Outcome.Taken taken -> taken(one, first ? taken.reply() : Optional.empty());
    };
  }

  /** Knative's brokers take a body that is no event for a failure. */
  private static boolean mustAnswerWithEvents(Feed feed) {
    return feed.replies() instanceof Feed.Replies.Into;
  }

  private Verdict taken(Sending one, Optional<CloudEvent> reply) {
    try {
      return over(one.delivery(), reply.map(event -> following(one, event)).orElse(List.of()));
    } catch (SkepException e) {
      if (e.code() != Code.EXHAUSTED || reply.isEmpty()) {
        throw e;
      }
      return failed(one, Outcome.Failed.unanswered("its reply was not kept: " + e.getMessage()));
    }
  }

  private List<EventQueue.Next> following(Sending one, CloudEvent reply) {
    return switch (one.feed().replies()) {
      case Feed.Replies.Nowhere() -> List.of();
      case Feed.Replies.To(var uri) -> List.of(next(reply, Leg.REPLY, List.of(one.feed().uid())));
      case Feed.Replies.Into(var inbox) -> {
        int ttl = Events.ttl(one.event()) - 1;
        if (ttl <= 0) {
          LOG.warn("{}: a reply is dropped, it went round too often", one.feed().label());
          yield List.of();
        }
        CloudEvent event = Events.withTtl(reply, ttl);
        List<String> receivers = topology.get().receivers(inbox, event);
        yield receivers.isEmpty() ? List.of() : List.of(next(event, Leg.SUBSCRIBER, receivers));
      }
    };
  }

  private Verdict failed(Sending one, Outcome.Failed why) {
    DeliverySpec spec = one.feed().delivery();
    if (why.again() && one.failures() < spec.retry()) {
      return new Verdict.Again(spec.wait(one.failures() + 1), one.failures() + 1);
    }
    boolean sink = one.delivery().leg() != Leg.DEAD_LETTER && one.feed().deadLetters().isPresent();
    LOG.warn(
        "{}: an event was not taken by {} ({}, {} attempts) and {}",
        one.feed().label(),
        one.to(),
        why.message(),
        one.failures() + 1,
        sink ? "goes to the dead letter sink" : "is dropped");
    CloudEvent letter = Events.undelivered(one.event(), one.to(), why);
    return over(
        one.delivery(),
        sink ? List.of(next(letter, Leg.DEAD_LETTER, List.of(one.feed().uid()))) : List.of());
  }

  private static EventQueue.Next next(CloudEvent event, Leg leg, List<String> feeds) {
    return new EventQueue.Next(JSON.serialize(event), leg, feeds);
  }

  private Verdict over(Delivery delivery, List<EventQueue.Next> next) {
    return new Verdict.Over(queue.settle(delivery, next));
  }
}
