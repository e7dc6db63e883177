package dev.skep.snapshot;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A snapshot of the store at one moment, for people.
 *
 * @param lastUsedAt when it was last leased, or made
 * @param leases that keep its files now
 * @param whole false while some of its memory is still in object storage
 */
public record Snapshot(
    Manifest manifest,
    SnapshotState state,
    Instant lastUsedAt,
    int leases,
    boolean whole,
    Path folder) {}
