package dev.skep.control;

import dev.skep.api.Probe;
import dev.skep.sandbox.Sandbox;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Asks one probe of a running sandbox again and again, a period after each answer. It belongs to
 * the thread of its mailbox.
 */
public final class ProbeSeries {
  private final Mailbox mailbox;
  private final Executor executor;
  private final Prober prober;
  private final Sandbox sandbox;
  private final Probe probe;
  private final BooleanSupplier runs;
  private final Consumer<ProbeSeries> judge;
  private int successes;
  private int failures;
  private String found = "";

  /**
   * @param executor runs what blocks
   * @param runs whether there is still somebody to ask
   * @param judge told of each answer
   */
  public ProbeSeries(
      Mailbox mailbox,
      Executor executor,
      Prober prober,
      Sandbox sandbox,
      Probe probe,
      BooleanSupplier runs,
      Consumer<ProbeSeries> judge) {
    this.mailbox = mailbox;
    this.executor = executor;
    this.prober = prober;
    this.sandbox = sandbox;
    this.probe = probe;
    this.runs = runs;
    this.judge = judge;
  }

  /** After the probe's initial delay. */
  public void begin() {
    mailbox.after(probe.initialDelay(), this::ask);
  }

  private void ask() {
    if (runs.getAsBoolean()) {
      executor.execute(
          () -> {
            Optional<String> problem = prober.ask(sandbox, probe);
            mailbox.post(() -> answered(problem));
          });
    }
  }

  private void answered(Optional<String> problem) {
    if (!runs.getAsBoolean()) {
      return;
    }
    successes = problem.isEmpty() ? successes + 1 : 0;
    failures = problem.isPresent() ? failures + 1 : 0;
    found = problem.orElse("");
    judge.accept(this);
    mailbox.after(probe.period(), this::ask);
  }

  /** What a readiness probe says now of one that was ready, or not, before. */
  public boolean passes(boolean before) {
    return before ? failures < probe.failureThreshold() : successes >= probe.successThreshold();
  }

  /** What a liveness probe found, with the answer that makes it fail; empty otherwise. */
  public Optional<String> failsNow() {
    return failures == probe.failureThreshold() ? Optional.of(found) : Optional.empty();
  }
}
