package dev.skep.workload;

import dev.skep.api.Probe;
import dev.skep.control.ProbeSeries;
import dev.skep.control.Prober;
import dev.skep.sandbox.Sandbox;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Asks the readiness and liveness probes of running pods, each in its own period. It belongs to the
 * workload thread.
 */
final class Probing {
  private final Wiring wiring;
  private final Prober prober;
  private final BiConsumer<Pod, Boolean> ready;
  private final BiConsumer<Pod, String> dead;

  /**
   * @param ready told of each change of a pod's readiness
   * @param dead told of a pod whose liveness probe has failed too often, and what it found
   */
  Probing(
      Wiring wiring, Prober prober, BiConsumer<Pod, Boolean> ready, BiConsumer<Pod, String> dead) {
    this.wiring = wiring;
    this.prober = prober;
    this.ready = ready;
    this.dead = dead;
  }

  /** From now on, while this attempt runs in this sandbox. */
  void begin(Pod pod, Pod.Attempt attempt, Sandbox sandbox) {
    pod.template
        .readiness()
        .ifPresent(probe -> ask(pod, attempt, sandbox, probe, each -> readiness(pod, each)));
    pod.template
        .liveness()
        .ifPresent(probe -> ask(pod, attempt, sandbox, probe, each -> liveness(pod, each)));
  }

  private void ask(
      Pod pod, Pod.Attempt attempt, Sandbox sandbox, Probe probe, Consumer<ProbeSeries> judge) {
    new ProbeSeries(
            wiring.mailbox(),
            wiring.executor(),
            prober,
            sandbox,
            probe,
            () -> pod.runs(attempt),
            judge)
        .begin();
  }

  private void readiness(Pod pod, ProbeSeries series) {
    boolean now = series.passes(pod.ready);
    if (now != pod.ready) {
      ready.accept(pod, now);
    }
  }

  private void liveness(Pod pod, ProbeSeries series) {
    series.failsNow().ifPresent(found -> dead.accept(pod, "Liveness probe failed: " + found));
  }
}
