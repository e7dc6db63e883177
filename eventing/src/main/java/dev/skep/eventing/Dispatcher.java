package dev.skep.eventing;

import dev.skep.control.Mailbox;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings deliveries on their way: oldest first for a feed, feeds in turn, a bounded number at a
 * time. It belongs to the eventing thread; attempts run on the executor and come back as messages.
 * What waits for a retry keeps nobody else waiting, so events of one feed may overtake each other.
 */
final class Dispatcher {
  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
  private static final int AT_ONCE = 64;
  private static final int AT_ONCE_PER_FEED = 8;

  /** After an attempt of which nothing is known. */
  private static final Duration PAUSE = Duration.ofSeconds(30);

  private record Task(Delivery delivery, int failures) {}

  private static final class Lane {
    final Deque<Task> waiting = new ArrayDeque<>();
    int inFlight;

    boolean mayGo() {
      return !waiting.isEmpty() && inFlight < AT_ONCE_PER_FEED;
    }
  }

  private final Mailbox mailbox;
  private final Attempt attempt;
  private final Executor executor;
  private final Map<String, Lane> lanes = new LinkedHashMap<>();
  private int inFlight;

  Dispatcher(Mailbox mailbox, Attempt attempt, Executor executor) {
    this.mailbox = mailbox;
    this.attempt = attempt;
    this.executor = executor;
  }

  /** Takes deliveries that are in the queue. */
  void add(List<Delivery> fresh) {
    fresh.forEach(delivery -> lane(delivery).waiting.add(new Task(delivery, 0)));
    pump();
  }

  private Lane lane(Delivery delivery) {
    return lanes.computeIfAbsent(delivery.feed(), _ -> new Lane());
  }

  private void pump() {
    boolean going = true;
    while (going) {
      going = false;
      for (Lane lane : List.copyOf(lanes.values())) {
        if (inFlight < AT_ONCE && lane.mayGo()) {
          go(lane, lane.waiting.remove());
          going = true;
        }
      }
    }
    lanes.values().removeIf(lane -> lane.inFlight == 0 && lane.waiting.isEmpty());
  }

  private void go(Lane lane, Task task) {
    lane.inFlight++;
    inFlight++;
    executor.execute(
        () -> {
          Attempt.Verdict verdict = verdict(task);
          mailbox.post(() -> ended(lane, task, verdict));
        });
  }

  private Attempt.Verdict verdict(Task task) {
    try {
      return attempt.make(task.delivery(), task.failures());
    } catch (RuntimeException e) {
      LOG.warn("{} is tried again: {}", task.delivery(), e.getMessage());
      return new Attempt.Verdict.Again(PAUSE, task.failures() + 1);
    }
  }

  private void ended(Lane lane, Task task, Attempt.Verdict verdict) {
    lane.inFlight--;
    inFlight--;
    switch (verdict) {
      case Attempt.Verdict.Over(var more) -> add(more);
      case Attempt.Verdict.Again(var after, int failures) -> {
        var next = new Task(task.delivery(), failures);
        mailbox.after(
            after,
            () -> {
              lane(next.delivery()).waiting.add(next);
              pump();
            });
        pump();
      }
    }
  }
}
