package dev.skep.microvm;

import java.time.Duration;

/**
 * The guest as the agent sees it.
 *
 * @param memoryUsedBytes of the whole guest, page cache left out
 * @param functionMemoryBytes charged to the function's cgroup, page cache included
 * @param cpu time used by the function
 * @param processes of the function
 */
record AgentStats(
    long memoryTotalBytes,
    long memoryUsedBytes,
    long functionMemoryBytes,
    Duration cpu,
    int processes) {}
