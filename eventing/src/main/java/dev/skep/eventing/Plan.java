package dev.skep.eventing;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.DeliverySpec;
import dev.skep.api.EventFilter;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * From all objects of eventing to who gets what, and to what their statuses should say; pure, made
 * once for each state of the objects.
 */
final class Plan {
  /** What an object's status should be, without the times of its conditions. */
  record Report(ResourceKind kind, ApiObject object, ObjectNode status) {}

  /** All objects of eventing, and those that they may refer to. */
  record Objects(
      List<ApiObject> brokers,
      List<ApiObject> triggers,
      List<ApiObject> channels,
      List<ApiObject> subscriptions,
      List<ApiObject> pingSources,
      Destinations.Lookup lookup) {
    static Objects of(ResourceStore store) {
      return new Objects(
          all(store, ResourceKind.BROKER),
          all(store, ResourceKind.TRIGGER),
          all(store, ResourceKind.CHANNEL),
          all(store, ResourceKind.SUBSCRIPTION),
          all(store, ResourceKind.PING_SOURCE),
          store::get);
    }

    private static List<ApiObject> all(ResourceStore store, ResourceKind kind) {
      return List.copyOf(store.list(kind, Optional.empty()).items());
    }
  }

  /**
   * An inbox as its feeds see it.
   *
   * @param deadLetters of those that name none of their own
   */
  private record Source(JsonNode delivery, Optional<URI> deadLetters, boolean ready) {}

  private static final String DEAD_LETTERS = "DeadLetterSinkResolved";

  private final Destinations destinations;
  private final Map<Inbox, Source> sources = new HashMap<>();
  private final Map<Inbox, List<Topology.Receiver>> inboxes = new HashMap<>();
  private final Map<String, Feed> feeds = new HashMap<>();
  private final Set<String> alive = new HashSet<>();
  private final List<Report> reports = new ArrayList<>();
  private final List<PingSchedule.Ping> pings = new ArrayList<>();

  private Plan(Destinations destinations) {
    this.destinations = destinations;
  }

  static Plan of(Objects objects) {
    var plan = new Plan(new Destinations(objects.lookup()));
    objects.brokers().forEach(plan::broker);
    objects.channels().forEach(plan::channel);
    objects.triggers().forEach(plan::trigger);
    objects.subscriptions().forEach(plan::subscription);
    objects.pingSources().forEach(plan::pingSource);
    return plan;
  }

  Topology topology() {
    return new Topology(inboxes, feeds, alive);
  }

  List<Report> reports() {
    return List.copyOf(reports);
  }

  List<PingSchedule.Ping> pings() {
    return List.copyOf(pings);
  }

  private void broker(ApiObject broker) {
    var inbox = new Inbox(Inbox.Kind.BROKER, broker.namespace(), broker.name());
    var standing =
        new Standing()
            .met("Addressable")
            .met("EventPoliciesReady", "DefaultAuthorizationMode", "there are no event policies")
            .met("FilterReady")
            .met("IngressReady")
            .met("TriggerChannelReady");
    inbox(ResourceKind.BROKER, broker, inbox, standing);
  }

  private void channel(ApiObject channel) {
    var inbox = new Inbox(Inbox.Kind.CHANNEL, channel.namespace(), channel.name());
    inbox(
        ResourceKind.CHANNEL,
        channel,
        inbox,
        new Standing().met("Addressable").met("BackingChannelReady"));
  }

  private void inbox(ResourceKind kind, ApiObject object, Inbox inbox, Standing standing) {
    JsonNode delivery = object.spec().path("delivery");
    Optional<URI> deadLetters = deadLetters(delivery, standing);
    sources.put(inbox, new Source(delivery, deadLetters, standing.isReady()));
    inboxes.put(inbox, new ArrayList<>());
    ObjectNode status = report(kind, object, standing);
    status.putObject("address").put("name", "http").put("url", inbox.url().toString());
    deadLetters.ifPresent(uri -> status.put("deadLetterSinkUri", uri.toString()));
  }

  private void trigger(ApiObject trigger) {
    JsonNode spec = trigger.spec();
    String broker = spec.path("broker").asString("");
    var inbox = new Inbox(Inbox.Kind.BROKER, trigger.namespace(), broker);
    var standing = new Standing().met("DependencyReady").met("SubscriptionReady");
    Optional<Source> source = source(inbox, standing, "BrokerReady", "Broker \"" + broker + "\"");
    Destinations.Resolved subscriber = destinations.resolve(spec.path("subscriber"));
    standing.of("SubscriberResolved", subscriber);
    Optional<URI> letters = deadLetters(spec.path("delivery"), standing);
    source.ifPresent(
        from ->
            serve(
                trigger,
                inbox,
                standing,
                subscriber.uri(),
                EventFilter.of(spec),
                new Feed.Replies.Into(inbox),
                letters,
                from));
    ObjectNode status = report(ResourceKind.TRIGGER, trigger, standing);
    subscriber.uri().ifPresent(uri -> status.put("subscriberUri", uri.toString()));
    letters.ifPresent(uri -> status.put("deadLetterSinkUri", uri.toString()));
  }

  private void subscription(ApiObject subscription) {
    JsonNode spec = subscription.spec();
    String channel = spec.path("channel").path("name").asString("");
    var inbox = new Inbox(Inbox.Kind.CHANNEL, subscription.namespace(), channel);
    var standing = new Standing();
    Optional<Source> source =
        source(inbox, standing, "ChannelReady", "Channel \"" + channel + "\"");
    standing.met("AddedToChannel");
    Optional<URI> subscriber = reference(spec, "subscriber", standing);
    Optional<URI> reply = reference(spec, "reply", standing);
    Optional<URI> letters = deadLetters(spec.path("delivery"), standing);
    Feed.Replies replies =
        spec.has("subscriber") && reply.isPresent()
            ? new Feed.Replies.To(reply.get())
            : new Feed.Replies.Nowhere();
    source.ifPresent(
        from ->
            serve(
                subscription,
                inbox,
                standing,
                spec.has("subscriber") ? subscriber : reply,
                EventFilter.ALL,
                replies,
                letters,
                from));
    ObjectNode physical =
        report(ResourceKind.SUBSCRIPTION, subscription, standing).putObject("physicalSubscription");
    subscriber.ifPresent(uri -> physical.put("subscriberUri", uri.toString()));
    reply.ifPresent(uri -> physical.put("replyUri", uri.toString()));
    letters.ifPresent(uri -> physical.put("deadLetterSinkUri", uri.toString()));
  }

  private void pingSource(ApiObject ping) {
    JsonNode spec = ping.spec();
    var standing = new Standing().met("Deployed");
    Destinations.Resolved sink = destinations.resolve(spec.path("sink"));
    standing.of("SinkProvided", sink);
    alive.add(ping.uid());
    sink.uri()
        .ifPresent(
            uri -> {
              Feed feed =
                  new Feed(
                      ping.uid(),
                      label(ping),
                      EventFilter.ALL,
                      uri,
                      new Feed.Replies.Nowhere(),
                      Optional.empty(),
                      DeliverySpec.DEFAULT);
              feeds.put(feed.uid(), feed);
              pings.add(PingSchedule.Ping.of(ping));
            });
    ObjectNode status = report(ResourceKind.PING_SOURCE, ping, standing);
    status
        .putArray("ceAttributes")
        .addObject()
        .put("source", PingSchedule.Ping.source(ping))
        .put("type", PingSchedule.TYPE);
    sink.uri().ifPresent(uri -> status.put("sinkUri", uri.toString()));
  }

  private Optional<Source> source(Inbox inbox, Standing standing, String type, String label) {
    Source source = sources.get(inbox);
    String kind = inbox.kind() == Inbox.Kind.BROKER ? "Broker" : "Channel";
    if (source == null) {
      standing.unmet(type, kind + "DoesNotExist", label + " does not exist");
    } else if (!source.ready()) {
      standing.unmet(type, kind + "NotReady", label + " is not ready");
    } else {
      standing.met(type);
    }
    return Optional.ofNullable(source);
  }

  /** Of a Subscription, all of whose places are one condition. */
  private Optional<URI> reference(JsonNode spec, String field, Standing standing) {
    if (!spec.has(field)) {
      return Optional.empty();
    }
    Destinations.Resolved resolved = destinations.resolve(spec.path(field));
    if (resolved instanceof Destinations.Lost(var reason, var message)) {
      standing.unmet("ReferencesResolved", reason, field + ": " + message);
    } else {
      standing.metUnlessTold("ReferencesResolved");
    }
    return resolved.uri();
  }

  private Optional<URI> deadLetters(JsonNode delivery, Standing standing) {
    if (!delivery.has("deadLetterSink")) {
      standing.met(
          DEAD_LETTERS, "DeadLetterSinkNotConfigured", "No dead letter sink is configured.");
      return Optional.empty();
    }
    Destinations.Resolved resolved = destinations.resolve(delivery.path("deadLetterSink"));
    standing.of(DEAD_LETTERS, resolved);
    return resolved.uri();
  }

  /** A feed gets events while its inbox is there, and is served while it is ready. */
  private void serve(
      ApiObject object,
      Inbox inbox,
      Standing standing,
      Optional<URI> subscriber,
      EventFilter filter,
      Feed.Replies replies,
      Optional<URI> deadLetters,
      Source from) {
    alive.add(object.uid());
    inboxes
        .computeIfAbsent(inbox, _ -> new ArrayList<>())
        .add(new Topology.Receiver(object.uid(), filter));
    if (!standing.isReady() || subscriber.isEmpty()) {
      return;
    }
    JsonNode own = object.spec().path("delivery");
    var feed =
        new Feed(
            object.uid(),
            label(object),
            filter,
            subscriber.get(),
            replies,
            deadLetters.or(from::deadLetters),
            DeliverySpec.of(own.isEmpty() ? from.delivery() : own));
    feeds.put(feed.uid(), feed);
  }

  private static String label(ApiObject object) {
    return "%s %s/%s".formatted(object.kind(), object.namespace(), object.name());
  }

  /** Gives the status to add to. */
  private ObjectNode report(ResourceKind kind, ApiObject object, Standing standing) {
    ObjectNode status = ApiJson.object();
    status.put("observedGeneration", object.generation());
    standing.writeTo(status);
    reports.add(new Report(kind, object, status));
    return status;
  }
}
