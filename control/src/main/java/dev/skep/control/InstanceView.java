package dev.skep.control;

import java.time.Instant;
import java.util.Optional;

/**
 * One instance as users see it.
 *
 * @param name the sandbox's id
 * @param state {@code starting}, {@code ready}, {@code draining} or {@code stopped}
 * @param sandbox kind of sandbox: {@code microvm}
 * @param address where the gateway reaches it, {@code host:port}
 * @param startId of its cold-start record
 */
public record InstanceView(
    String name,
    String namespace,
    String service,
    String revision,
    String state,
    String sandbox,
    Optional<String> address,
    Instant createdAt,
    Optional<Instant> readyAt,
    int inFlight,
    String startId) {}
