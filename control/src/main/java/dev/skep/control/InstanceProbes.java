package dev.skep.control;

import dev.skep.api.Probe;
import dev.skep.sandbox.Sandbox;
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Asks the probes of ready instances, as long as they are. It belongs to the control thread.
 *
 * <p>Whether an instance takes connections on its port is not asked: the data plane notices.
 */
final class InstanceProbes {
  /** Between the questions of a probe that names no period, once it has passed: a kubelet's. */
  private static final Duration PERIOD = Duration.ofSeconds(10);

  private final Wiring wiring;
  private final BiConsumer<Instance, Boolean> ready;
  private final BiConsumer<Instance, String> dead;

  /**
   * @param ready told of each change of an instance's readiness
   * @param dead told of one whose liveness probe has failed too often, and what it found
   */
  InstanceProbes(
      Wiring wiring, BiConsumer<Instance, Boolean> ready, BiConsumer<Instance, String> dead) {
    this.wiring = wiring;
    this.ready = ready;
    this.dead = dead;
  }

  void begin(Instance instance) {
    Probe readiness = instance.revision.spec.readiness();
    if (saysMoreThanThePort(readiness.check(), instance.revision.spec.port())) {
      series(instance, settled(readiness), series -> readiness(instance, series)).begin();
    }
    instance
        .revision
        .spec
        .liveness()
        .ifPresent(probe -> series(instance, probe, series -> liveness(instance, series)).begin());
  }

  private ProbeSeries series(Instance instance, Probe probe, Consumer<ProbeSeries> judge) {
    Sandbox sandbox = instance.running();
    return new ProbeSeries(
        wiring.mailbox(),
        wiring.executor(),
        wiring.prober(),
        sandbox,
        probe,
        () -> instance.state == Instance.State.READY,
        judge);
  }

  private static boolean saysMoreThanThePort(Probe.Check check, int own) {
    return switch (check) {
      case Probe.None() -> false;
      case Probe.Tcp(int port) -> port != 0 && port != own;
      case Probe.Http _, Probe.Exec _, Probe.Grpc _ -> true;
    };
  }

  /** The same probe of one that has passed it. */
  private static Probe settled(Probe probe) {
    Duration period = probe.period().isZero() ? PERIOD : probe.period();
    return new Probe(
        probe.check(),
        period,
        period,
        probe.timeout(),
        probe.successThreshold(),
        probe.failureThreshold());
  }

  private void readiness(Instance instance, ProbeSeries series) {
    boolean passes = series.passes(!instance.unready);
    if (passes == instance.unready) {
      ready.accept(instance, passes);
    }
  }

  private void liveness(Instance instance, ProbeSeries series) {
    series.failsNow().ifPresent(found -> dead.accept(instance, found));
  }
}
