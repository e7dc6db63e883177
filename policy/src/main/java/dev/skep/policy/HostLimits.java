package dev.skep.policy;

/**
 * How much one host does at once.
 *
 * @param startsInFlight starts that run at the same time; more only slow each other down
 * @param instances that may exist, starting ones included
 */
public record HostLimits(int startsInFlight, int instances) {
  public HostLimits {
    if (startsInFlight < 1 || instances < 1) {
      throw new IllegalArgumentException(
          "limits of the host: %d starts, %d instances (expected: at least 1 of each)"
              .formatted(startsInFlight, instances));
    }
  }

  /** How many more starts may begin now, of {@code queued} that wait. */
  public int grant(int inFlight, int existing, int queued) {
    int places = Math.min(startsInFlight - inFlight, instances - existing);
    return Math.clamp(places, 0, Math.max(0, queued));
  }
}
