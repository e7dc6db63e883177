package dev.skep.telemetry;

import dev.skep.sandbox.Phase;
import dev.skep.sandbox.StartFailure;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** A start in plain text: its phases with time, share and bar, and what to do about the longest. */
public final class Explanation {
  private static final int BAR = 32;

  private Explanation() {}

  /** Several lines, each ended by a newline; pure. */
  public static String of(ColdStart start) {
    var text = new StringBuilder();
    text.append(headline(start));
    long total = Math.max(1, start.total().toNanos());
    Map<Phase, Long> times = start.times();
    times.forEach((phase, nanos) -> text.append(line(phase, nanos, total)));
    text.append(
        String.format(
            Locale.ROOT, "  %-16s %10.1f ms  100.0 %%%n", "total", start.total().toNanos() / 1e6));
    start.failure().ifPresent(failure -> text.append(cause(failure)));
    text.append(verdict(start, times, total)).append('\n');
    return text.toString();
  }

  private static String headline(ColdStart start) {
    String who =
        start
            .requestId()
            .map(id -> "request " + id + " waited for it")
            .orElse("no request waited for it");
    String others =
        start.concurrentStarts() > 1
            ? ", with %d other starts at once".formatted(start.concurrentStarts() - 1)
            : "";
    return "Start %s of instance %s (%s/%s, revision %s), %s, at %s%s; %s.%n"
        .formatted(
            start.id(),
            start.instance(),
            start.namespace(),
            start.service(),
            start.revision(),
            start.plan(),
            start.startedAt(),
            others,
            who);
  }

  private static String line(Phase phase, long nanos, long total) {
    double share = (double) nanos / total;
    return String.format(
        Locale.ROOT,
        "  %-16s %10.1f ms %6.1f %% %s%n",
        phase.label(),
        nanos / 1e6,
        share * 100,
        bar(share));
  }

  private static String bar(double share) {
    int full = (int) Math.round(share * BAR);
    return "#".repeat(Math.max(full, share > 0 ? 1 : 0));
  }

  private static String cause(StartFailure failure) {
    var text = new StringBuilder();
    text.append("It failed (%s): %s%n".formatted(failure.reason(), failure.message()));
    failure.lastOutput().forEach(line -> text.append("  | ").append(line).append('\n'));
    return text.toString();
  }

  private static String verdict(ColdStart start, Map<Phase, Long> times, long total) {
    if (times.isEmpty()) {
      return "No phase was recorded.";
    }
    Phase longest =
        times.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
    long nanos = times.getOrDefault(longest, 0L);
    return String.format(
        Locale.ROOT,
        "%s took longest: %s, %.0f %% of %s (%s). %s",
        longest.label(),
        human(nanos),
        100.0 * nanos / total,
        human(start.total().toNanos()),
        longest.meaning(),
        ADVICE.getOrDefault(longest, "It has no usual cause: look at the daemon's log."));
  }

  private static String human(long nanos) {
    Duration time = Duration.ofNanos(nanos);
    return time.toMillis() < 10_000
        ? String.format(Locale.ROOT, "%.1f ms", nanos / 1e6)
        : String.format(Locale.ROOT, "%.1f s", nanos / 1e9);
  }

  private static final Map<Phase, String> ADVICE = advice();

  private static Map<Phase, String> advice() {
    var advice = new EnumMap<Phase, String>(Phase.class);
    advice.put(
        Phase.QUEUE,
        "The control plane was busy or earlier starts failed: fewer starts at once shorten it.");
    advice.put(Phase.DECISION, "The control thread was busy: see skep_start_phase_seconds.");
    advice.put(
        Phase.PLACEMENT,
        "The host starts only so many instances at once: min-scale keeps one ready instead.");
    advice.put(
        Phase.IMAGE_FETCH,
        "The image was not on this host: 'skep image pull' ahead of the request avoids it.");
    advice.put(Phase.NET_SETUP, "The pool of prepared networks was empty: a larger one helps.");
    advice.put(
        Phase.SANDBOX_CREATE,
        "The VMM's process itself was slow: the host is short of CPU or disk.");
    advice.put(
        Phase.GUEST_BOOT,
        "KVM instead of emulation, more CPU for the guest, or a snapshot shorten it.");
    advice.put(Phase.GUEST_INIT, "A smaller image with fewer files to look up shortens it.");
    advice.put(
        Phase.RUNTIME_INIT,
        "This is the function's own start: load less before listening, or give it more CPU.");
    advice.put(
        Phase.READINESS,
        "A readiness probe with a shorter period (or none: the port is asked then) shortens it.");
    advice.put(Phase.PROPAGATE, "Earlier requests were ahead of it in the queue.");
    advice.put(Phase.EXEC, "This is the function's work on its first request, not the start.");
    advice.put(Phase.RESPONSE_WRITE, "The response was long, or its reader slow.");
    advice.put(Phase.CONNECT, "The agent answered late: the guest is short of CPU.");
    return Map.copyOf(advice);
  }
}
