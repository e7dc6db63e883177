package dev.skep.eventing;

import dev.skep.api.EventFilter;
import io.cloudevents.CloudEvent;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Who gets what, at one moment; immutable.
 *
 * @param inboxes each with those who get its events, also while they cannot be served
 * @param feeds all that can be served, by uid
 * @param alive uids of all feeds whose objects are there, served or not: those of others are over
 */
record Topology(Map<Inbox, List<Receiver>> inboxes, Map<String, Feed> feeds, Set<String> alive) {
  /** A feed, and which events it gets. */
  record Receiver(String uid, EventFilter filter) {}

  static final Topology EMPTY = new Topology(Map.of(), Map.of(), Set.of());

  Topology {
    inboxes = Map.copyOf(inboxes);
    feeds = Map.copyOf(feeds);
    alive = Set.copyOf(alive);
  }

  /** The inbox that a request is for. */
  Optional<Inbox> inbox(String host, String path) {
    return Inbox.named(host, path).filter(inboxes::containsKey);
  }

  /** Uids of the feeds of an inbox that let the event pass. */
  List<String> receivers(Inbox inbox, CloudEvent event) {
    Map<String, String> attributes = Events.attributes(event);
    return inboxes.getOrDefault(inbox, List.of()).stream()
        .filter(receiver -> receiver.filter().matches(attributes))
        .map(Receiver::uid)
        .toList();
  }

  /** Names under which the gateway takes events. */
  Set<String> hosts() {
    var hosts = new TreeSet<String>();
    inboxes.keySet().forEach(inbox -> hosts.addAll(inbox.hosts()));
    return hosts;
  }
}
