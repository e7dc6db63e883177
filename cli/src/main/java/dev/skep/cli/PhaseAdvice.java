package dev.skep.cli;

import dev.skep.sandbox.Phase;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** What usually shortens a phase that takes most of a start. */
final class PhaseAdvice {
  private static final Map<Phase, String> ADVICE = advice();

  private PhaseAdvice() {}

  /**
   * @param label of the phase; empty for one without a usual cause, or of another version
   */
  static Optional<String> of(String label) {
    return ADVICE.entrySet().stream()
        .filter(each -> each.getKey().label().equals(label))
        .map(Map.Entry::getValue)
        .findFirst();
  }

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
