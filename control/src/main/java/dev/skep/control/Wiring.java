package dev.skep.control;

import dev.skep.store.EventLog;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * What every part of the control plane needs.
 *
 * @param executor runs what blocks: a virtual thread each
 */
record Wiring(
    Clocks clocks,
    Mailbox mailbox,
    ControlSettings settings,
    DataPlane dataPlane,
    Executor executor,
    InstanceDirectory directory,
    Prober prober,
    Scaling scaling,
    EventLog events) {

  /** The ready instances of a revision, to the data plane. */
  void publishEndpoints(Revision revision) {
    dataPlane.endpoints(
        revision.key(),
        revision.in(Instance.State.READY).stream()
            .filter(instance -> !instance.suspect && !instance.unready)
            .map(instance -> new Endpoint(instance.id, instance.running().endpoint()))
            .toList());
  }

  /** Notes what has happened; another thread writes it, for this one has more urgent things. */
  void tell(Consumer<EventLog> event) {
    executor.execute(() -> event.accept(events));
  }

  void moved(Instance instance, Instance.State to) {
    instance.state = to;
    directory.update(instance);
  }
}
