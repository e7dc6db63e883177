package dev.skep.control;

import dev.skep.policy.HostLimits;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.StartOutcome;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BiConsumer;

/**
 * Starts that were ordered, begun as the limits of the host allow: those for waiting requests
 * first, else in order. It belongs to the control thread.
 */
final class StartQueue {
  private final Wiring wiring;
  private final Starter starter;
  private final BiConsumer<Instance, StartOutcome> ended;
  private final Deque<Instance> urgent = new ArrayDeque<>();
  private final Deque<Instance> ordinary = new ArrayDeque<>();
  private int inFlight;
  private int existing;

  /**
   * @param ended told on the control thread
   */
  StartQueue(Wiring wiring, Starter starter, BiConsumer<Instance, StartOutcome> ended) {
    this.wiring = wiring;
    this.starter = starter;
    this.ended = ended;
  }

  void add(Instance instance, boolean requestWaits) {
    (requestWaits ? urgent : ordinary).addLast(instance);
    wiring.moved(instance, Instance.State.QUEUED);
    instance.phases.enter(Phase.PLACEMENT);
    launch();
  }

  /** Whether it had not begun; it never will then. */
  boolean withdraw(Instance instance) {
    return urgent.remove(instance) || ordinary.remove(instance);
  }

  /** An instance that this queue did not start, such as an adopted one. */
  void occupy() {
    existing++;
  }

  /** An instance is gone from the host. */
  void release() {
    existing--;
    launch();
  }

  int inFlight() {
    return inFlight;
  }

  private void launch() {
    HostLimits limits = wiring.settings().limits();
    int granted = limits.grant(inFlight, existing, urgent.size() + ordinary.size());
    for (int i = 0; i < granted; i++) {
      begin(urgent.isEmpty() ? ordinary.removeFirst() : urgent.removeFirst());
    }
  }

  private void begin(Instance instance) {
    inFlight++;
    existing++;
    instance.concurrentStarts = inFlight;
    wiring.moved(instance, Instance.State.STARTING);
    Revision revision = instance.revision;
    var order = new Starter.Order(instance, revision.image, revision.imageDigest);
    wiring
        .executor()
        .execute(
            () -> {
              StartOutcome outcome = starter.start(order);
              instance.phases.enter(Phase.PROPAGATE);
              wiring.mailbox().post(() -> end(instance, outcome));
            });
  }

  private void end(Instance instance, StartOutcome outcome) {
    inFlight--;
    if (outcome instanceof StartOutcome.Failed) {
      existing--;
    }
    ended.accept(instance, outcome);
    launch();
  }
}
