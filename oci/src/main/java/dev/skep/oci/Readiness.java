package dev.skep.oci;

import dev.skep.api.Probe;
import dev.skep.api.SkepException;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.SandboxSpec;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
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

  /** Runs a command inside. */
  @FunctionalInterface
  public interface Exec {
    ExecResult run(List<String> argv, Duration timeout);
  }

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
  private final InetSocketAddress address;
  private final Exec exec;

  /**
   * @param address of the function's port
   */
  public Readiness(SandboxSpec spec, InetSocketAddress address, Exec exec) {
    this.spec = spec;
    this.probe = spec.readiness();
    this.address = address;
    this.exec = exec;
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
      Optional<String> problem = ask(Math.min(probe.timeout().toNanos(), deadlineNanos - asked));
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

  /** Empty where the answer is yes, else what was found. */
  private Optional<String> ask(long timeoutNanos) {
    var timeout = Duration.ofNanos(Math.max(FASTEST_NANOS, timeoutNanos));
    return switch (probe.check()) {
      case Probe.Tcp(int port) -> Questions.tcp(at(port), timeout);
      case Probe.Http http -> Questions.http(at(http.port()), http, timeout);
      case Probe.Grpc(int port, String service) -> Questions.grpc(at(port), service, timeout);
      case Probe.Exec(List<String> command) -> command(command, timeout);
    };
  }

  private Optional<String> command(List<String> command, Duration timeout) {
    try {
      int code = exec.run(command, timeout).exitCode();
      return code == 0 ? Optional.empty() : Optional.of("exit code " + code);
    } catch (SkepException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private InetSocketAddress at(int port) {
    return port == 0 ? address : new InetSocketAddress(address.getAddress(), port);
  }

  private String late(String last) {
    String seconds =
        String.valueOf(spec.readyTimeout().toMillis() / 1000.0).replaceAll("\\.0$", "");
    String found = last.isEmpty() ? "" : ": " + last;
    return "not ready within " + seconds + " s: " + expected() + found;
  }

  private String expected() {
    return switch (probe.check()) {
      case Probe.Tcp(int port) -> "nothing accepts TCP connections on port " + at(port).getPort();
      case Probe.Http(int port, String path, _) ->
          "GET " + path + " on port " + at(port).getPort() + " does not answer 200 to 399";
      case Probe.Exec(List<String> command) -> String.join(" ", command) + " does not exit with 0";
      case Probe.Grpc(int port, String service) ->
          "gRPC health of '" + service + "' on port " + at(port).getPort() + " is not SERVING";
    };
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
