package dev.skep.oci;

import dev.skep.api.Probe;
import dev.skep.sandbox.SandboxSpec;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Asks a sandbox's readiness probe from the host, at the times at which the agent of a microVM asks
 * from inside: a period of zero means at once, then after a twentieth of the time since the start,
 * between 1 ms and 50 ms.
 */
public final class Readiness {
  private static final long FASTEST_NANOS = 1_000_000;
  private static final long SLOWEST_NANOS = 50_000_000;

  /** What came of waiting. */
  public sealed interface Verdict {
    /** The probe has passed. */
    record Ready() implements Verdict {}

    /** The wait was given up by who asked for it. */
    record GivenUp() implements Verdict {}

    /**
     * The time is up.
     *
     * @param message what was expected, and what the last question found
     */
    record Late(String message) implements Verdict {}
  }

  private final SandboxSpec spec;
  private final Probe probe;
  private final ProbeQuestion question;

  /**
   * @param address of the function's port
   */
  public Readiness(SandboxSpec spec, InetSocketAddress address, ProbeQuestion.Exec exec) {
    this.spec = spec;
    this.probe = spec.readiness();
    this.question = new ProbeQuestion(probe.check(), address, exec);
  }

  /**
   * Asks until it passes. Blocks.
   *
   * @param startedNanos when the process was started, of {@code System.nanoTime}
   * @param deadlineNanos of the same clock
   * @param giveUp asked before each question: the process has ended, nobody wants it any more
   */
  public Verdict await(long startedNanos, long deadlineNanos, BooleanSupplier giveUp) {
    int successes = 0;
    String last = "";
    long next = startedNanos + probe.initialDelay().toNanos();
    while (true) {
      if (!sleepUntil(Math.min(next, deadlineNanos), giveUp)) {
        return new Verdict.GivenUp();
      }
      long asked = System.nanoTime();
      if (asked - deadlineNanos >= 0) {
        return new Verdict.Late(late(last));
      }
      long left = Math.min(probe.timeout().toNanos(), deadlineNanos - asked);
      Optional<String> problem = question.ask(Duration.ofNanos(Math.max(FASTEST_NANOS, left)));
      successes = problem.isEmpty() ? successes + 1 : 0;
      last = problem.orElse("");
      if (successes >= probe.successThreshold()) {
        return new Verdict.Ready();
      }
      next = next(startedNanos, asked);
    }
  }

  private long next(long started, long asked) {
    if (!probe.period().isZero()) {
      return asked + probe.period().toNanos();
    }
    long now = System.nanoTime();
    return now + Math.clamp((now - started) / 20, FASTEST_NANOS, SLOWEST_NANOS);
  }

  private String late(String last) {
    String seconds =
        String.valueOf(spec.readyTimeout().toMillis() / 1000.0).replaceAll("\\.0$", "");
    String found = last.isEmpty() ? "" : ": " + last;
    return "not ready within " + seconds + " s: " + question.expected() + found;
  }

  /** In steps, so that giving up is noticed; false where it was. */
  private static boolean sleepUntil(long nanos, BooleanSupplier giveUp) {
    while (!giveUp.getAsBoolean()) {
      long left = nanos - System.nanoTime();
      if (left <= 0) {
        return true;
      }
      try {
        TimeUnit.NANOSECONDS.sleep(Math.min(left, SLOWEST_NANOS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return false;
  }
}
