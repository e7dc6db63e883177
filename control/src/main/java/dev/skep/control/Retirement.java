package dev.skep.control;

import dev.skep.sandbox.Sandbox;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How instances end on purpose: no new requests, the old ones finish, then the process is told to
 * stop. It belongs to the control thread.
 */
final class Retirement {
  private static final Logger LOG = LoggerFactory.getLogger(Retirement.class);

  /** Requests that were being handed over when the endpoint went away are counted by then. */
  private static final Duration FIRST_LOOK = Duration.ofMillis(20);

  private static final Duration NEXT_LOOK = Duration.ofMillis(100);

  private final Wiring wiring;
  private final Consumer<Instance> gone;

  /**
   * @param gone told on the control thread once nothing of the instance is left
   */
  Retirement(Wiring wiring, Consumer<Instance> gone) {
    this.wiring = wiring;
    this.gone = gone;
  }

  /** Drains a ready instance and stops it; requests get at most their revision's timeout. */
  void retire(Instance instance) {
    wiring.moved(instance, Instance.State.DRAINING);
    wiring.publishEndpoints(instance.revision);
    instance.drainUntil = wiring.clocks().now().plus(instance.revision.spec.timeout());
    wiring.mailbox().after(FIRST_LOOK, () -> look(instance));
  }

  private void look(Instance instance) {
    if (instance.state != Instance.State.DRAINING) {
      return;
    }
    Instant now = wiring.clocks().now();
    boolean drained =
        wiring.dataPlane().inFlight(instance.revision.key(), instance.id) == 0
            || !now.isBefore(instance.drainUntil);
    if (drained) {
      stop(instance, wiring.settings().stopGrace());
    } else {
      wiring.mailbox().after(NEXT_LOOK, () -> look(instance));
    }
  }

  /** Ends one that is starting; its start then fails as cancelled. */
  void cancel(Instance instance) {
    instance.cancelled.set(true);
    Sandbox sandbox = instance.sandbox.get();
    if (sandbox != null) {
      wiring.executor().execute(() -> sandbox.stop(Duration.ZERO));
    }
  }

  /** Ends it without waiting for its requests. */
  void stop(Instance instance, Duration grace) {
    wiring.moved(instance, Instance.State.STOPPING);
    Sandbox sandbox = instance.running();
    wiring
        .executor()
        .execute(
            () -> {
              try {
                sandbox.stop(grace);
              } catch (RuntimeException e) {
                // The next daemon reclaims what is left of it.
                LOG.error("instance {} could not be stopped", instance.id, e);
              }
              wiring.mailbox().post(() -> ended(instance));
            });
  }

  /** One that never began, or whose start left nothing behind. */
  void withdrawn(Instance instance) {
    wiring.moved(instance, Instance.State.STOPPED);
    instance.revision.instances.remove(instance.id);
  }

  /** Nothing of it runs any more, for whatever reason. */
  void ended(Instance instance) {
    if (instance.state == Instance.State.STOPPED) {
      return;
    }
    wiring.moved(instance, Instance.State.STOPPED);
    wiring.dataPlane().ended(instance.revision.key(), instance.id);
    instance.revision.instances.remove(instance.id);
    gone.accept(instance);
  }
}
