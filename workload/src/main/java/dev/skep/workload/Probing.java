package dev.skep.workload;

import dev.skep.api.Probe;
import dev.skep.sandbox.Sandbox;
import java.util.Optional;
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

  /** From now on, while this attempt runs. */
  void begin(Pod pod, Pod.Attempt attempt) {
    pod.template
        .readiness()
        .ifPresent(probe -> new Series(pod, attempt, probe, this::readiness).begin());
    pod.template
        .liveness()
        .ifPresent(probe -> new Series(pod, attempt, probe, this::liveness).begin());
  }

  private void readiness(Series series) {
    boolean now =
        series.pod.ready
            ? series.failures < series.probe.failureThreshold()
            : series.successes >= series.probe.successThreshold();
    if (now != series.pod.ready) {
      ready.accept(series.pod, now);
    }
  }

  private void liveness(Series series) {
    if (series.failures == series.probe.failureThreshold()) {
      dead.accept(series.pod, "Liveness probe failed: " + series.found);
    }
  }

  /** The questions of one probe. */
  private final class Series {
    private final Pod pod;
    private final Pod.Attempt attempt;
    private final Probe probe;
    private final Consumer<Series> judge;
    private int successes;
    private int failures;
    private String found = "";

    private Series(Pod pod, Pod.Attempt attempt, Probe probe, Consumer<Series> judge) {
      this.pod = pod;
      this.attempt = attempt;
      this.probe = probe;
      this.judge = judge;
    }

    private void begin() {
      wiring.mailbox().after(probe.initialDelay(), this::ask);
    }

    private void ask() {
      Sandbox sandbox = attempt.sandbox.get();
      if (sandbox != null && pod.runs(attempt)) {
        wiring
            .executor()
            .execute(
                () -> {
                  Optional<String> problem = prober.ask(sandbox, probe);
                  wiring.mailbox().post(() -> answered(problem));
                });
      }
    }

    private void answered(Optional<String> problem) {
      if (!pod.runs(attempt)) {
        return;
      }
      successes = problem.isEmpty() ? successes + 1 : 0;
      failures = problem.isPresent() ? failures + 1 : 0;
      found = problem.orElse("");
      judge.accept(this);
      wiring.mailbox().after(probe.period(), this::ask);
    }
  }
}
