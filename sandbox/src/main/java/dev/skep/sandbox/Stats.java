package dev.skep.sandbox;

import java.time.Duration;

/**
 * What a sandbox uses now, seen from the host.
 *
 * @param cpu time used since its start
 * @param memoryBytes resident on the host
 * @param guestMemoryUsedBytes as the guest sees it; 0 where the sandbox has no guest
 */
public record Stats(Duration cpu, long memoryBytes, long guestMemoryUsedBytes) {}
