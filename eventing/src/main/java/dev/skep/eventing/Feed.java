package dev.skep.eventing;

import dev.skep.api.DeliverySpec;
import dev.skep.api.EventFilter;
import java.net.URI;
import java.util.Optional;

/**
 * A subscriber and how it is served: a Trigger or a Subscription, or a PingSource, which has events
 * of its own.
 *
 * @param uid of that object: deliveries name it
 * @param label for people
 * @param deadLetters where events go that the subscriber did not take
 */
record Feed(
    String uid,
    String label,
    EventFilter filter,
    URI subscriber,
    Replies replies,
    Optional<URI> deadLetters,
    DeliverySpec delivery) {
  /** What is done with an event that the subscriber answers with. */
  sealed interface Replies {
    /** It is a new event of that broker. */
    record Into(Inbox inbox) implements Replies {}

    /** It is delivered there. */
    record To(URI uri) implements Replies {}

    /** Nobody gets it. */
    record Nowhere() implements Replies {}
  }
}
