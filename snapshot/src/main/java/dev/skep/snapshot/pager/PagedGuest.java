package dev.skep.snapshot.pager;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A guest whose memory is to be served.
 *
 * @param vm names it to the pager
 * @param socket where its VMM will connect to hand over its page faults; made by the pager
 * @param owner user id of the VMM
 * @param memory the snapshot's memory
 * @param memoryBytes its size: a file of another size is refused
 * @param workingSet and {@code pages}: what to install before it is asked for; both or none
 * @param record whether to note which pages are touched; not together with a working set
 */
public record PagedGuest(
    String vm,
    Path socket,
    long owner,
    Path memory,
    long memoryBytes,
    Optional<Path> workingSet,
    Optional<Path> pages,
    boolean record) {}
