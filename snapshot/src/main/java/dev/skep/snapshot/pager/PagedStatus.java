package dev.skep.snapshot.pager;

import java.util.Optional;

/**
 * How it goes with one guest.
 *
 * @param pid of its VMM; 0 until it has connected
 * @param pages of its working set, 0 without one
 * @param installedBytes of the working set that were put in place; pages that the guest asked for
 *     before their turn are not among them
 * @param fetchMicros how long it took to have the working set's pages in memory
 * @param installMicros how long it took to put them in place, waiting for other installs included
 * @param faults pages that the guest has waited for until now
 * @param meanFaultNanos from taking up such a fault to its end, on average
 * @param absentBytes of the memory that are still on their way from where it is stored
 * @param error why it ended, unless its VMM did so by itself; or why its working set was not
 *     installed
 */
public record PagedStatus(
    String vm,
    State state,
    long pid,
    int pages,
    long installedBytes,
    long fetchMicros,
    long installMicros,
    long faults,
    long meanFaultNanos,
    long absentBytes,
    Optional<String> error) {
  /** In the order in which a guest goes through them. */
  public enum State {
    /** Its VMM has not connected. */
    WAITING,
    /** Its working set is put in place; faults are served in between. */
    INSTALLING,
    SERVING,
    /** Its VMM is gone, and all that was held for it. */
    ENDED
  }
}
