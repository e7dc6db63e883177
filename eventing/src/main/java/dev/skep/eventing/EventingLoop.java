package dev.skep.eventing;

import dev.skep.api.ApiObject;
import dev.skep.api.Conditions;
import dev.skep.api.SkepException;
import dev.skep.control.Mailbox;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Eventing without its thread: whoever calls {@link #runNext} owns all its state. Level triggered:
 * whatever made it look, it compares all that there is.
 */
final class EventingLoop {
  private static final Logger LOG = LoggerFactory.getLogger(EventingLoop.class);
  private static final JsonEvents JSON = new JsonEvents();

  private final Eventing.Parts parts;
  private final EventQueue queue;
  private final Mailbox mailbox;
  private final Consumer<Set<String>> hosts;
  private final Dispatcher dispatcher;
  private final PingSchedule pings;
  private volatile Topology topology = Topology.EMPTY;

  /**
   * @param hosts told which names lead to inboxes, whenever they change
   */
  EventingLoop(
      Eventing.Parts parts, EventQueue queue, Courier courier, Consumer<Set<String>> hosts) {
    this.parts = parts;
    this.queue = queue;
    this.hosts = hosts;
    this.mailbox = new Mailbox(parts.clocks().nanos());
    this.dispatcher =
        new Dispatcher(mailbox, new Attempt(queue, this::topology, courier), parts.executor());
    this.pings = new PingSchedule(parts.clocks(), mailbox, this::ping);
  }

  /** Compares everything once, then goes on with what an earlier daemon left. */
  void begin() {
    List<Delivery> left = queue.waiting(); // before there are inboxes: what comes is told of itself
    reconcile();
    if (!left.isEmpty()) {
      LOG.info("{} deliveries were left", left.size());
      dispatcher.add(left);
    }
  }

  /** Who gets what, now. From any thread. */
  Topology topology() {
    return topology;
  }

  /** From any thread. */
  void changed() {
    mailbox.postOnce("reconcile", this::reconcile);
  }

  /** From any thread. */
  void queued(List<Delivery> deliveries) {
    mailbox.post(() -> dispatcher.add(deliveries));
  }

  private void reconcile() {
    Plan plan = Plan.of(Plan.Objects.of(parts.store()));
    Topology before = topology;
    topology = plan.topology();
    if (!topology.hosts().equals(before.hosts())) {
      hosts.accept(topology.hosts());
    }
    pings.follow(plan.pings());
    plan.reports().forEach(this::report);
  }

  private void report(Plan.Report report) {
    ApiObject object = report.object();
    Instant now = parts.clocks().now();
    if (object.status() instanceof ObjectNode old
        && Conditions.withTimes(report.status(), old, now).equals(old)) {
      return;
    }
    try {
      parts
          .store()
          .updateStatus(
              report.kind(),
              object.namespace(),
              object.name(),
              before -> Conditions.withTimes(report.status(), before, now));
    } catch (SkepException e) {
      LOG.info(
          "the status of {} {} was not written: {}", object.kind(), object.name(), e.getMessage());
    }
  }

  private void ping(PingSchedule.Ping ping, Instant due) {
    try {
      dispatcher.add(queue.append(JSON.serialize(ping.event(due)), List.of(ping.uid())));
    } catch (RuntimeException e) { // the library refuses some events, too
      LOG.warn("the event of PingSource {} is lost: {}", ping.object().name(), e.getMessage());
    }
  }

  /** Does the next thing that is due; false when there was none. */
  boolean runNext() {
    return mailbox.runNext();
  }

  /** As {@link #runNext}, but waits for it. */
  void awaitNext() throws InterruptedException {
    mailbox.awaitNext();
  }
}
