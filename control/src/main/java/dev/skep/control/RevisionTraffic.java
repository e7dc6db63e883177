package dev.skep.control;

import dev.skep.api.Protocol;
import dev.skep.api.RevisionKey;
import java.time.Duration;

/**
 * What the data plane must know of a revision to treat its requests right.
 *
 * @param containerConcurrency most requests at once in one instance, never exceeded; 0 is unlimited
 * @param timeout of a request from its arrival, waiting included
 * @param responseStartTimeout until the first byte of the response; zero is off
 * @param idleTimeout without a byte in either direction; zero is off
 * @param queueDepth requests that may wait for an instance; one more is refused with 503
 */
public record RevisionTraffic(
    RevisionKey key,
    Protocol protocol,
    int containerConcurrency,
    Duration timeout,
    Duration responseStartTimeout,
    Duration idleTimeout,
    int queueDepth) {}
