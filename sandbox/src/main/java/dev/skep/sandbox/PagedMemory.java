package dev.skep.sandbox;

import java.time.Duration;

/**
 * What a pager has done for the memory of a restored sandbox until now. None of it is a phase of
 * the start: it goes on beside the VMM and the guest, which wait for it only where they touch a
 * page.
 *
 * @param setPages pages of the working set that was installed; 0 without one
 * @param installedBytes of the working set that were put in place before they were asked for
 * @param fetch how long it took to have the working set in the pager's memory
 * @param install how long it took to put it in place
 * @param demandFaults pages that the sandbox has had to wait for
 */
public record PagedMemory(
    int setPages, long installedBytes, Duration fetch, Duration install, long demandFaults) {}
