package dev.skep.telemetry;

/**
 * A request that waited for an instance; its times are of the clock that the start was recorded
 * with.
 *
 * @param dispatchedNanos it left the queue for the instance
 * @param firstByteNanos first byte of the response
 * @param doneNanos last byte of the response
 */
public record WaitedRequest(
    RequestIds ids, long arrivedNanos, long dispatchedNanos, long firstByteNanos, long doneNanos) {}
