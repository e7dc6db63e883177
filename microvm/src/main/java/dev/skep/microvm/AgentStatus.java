package dev.skep.microvm;

/**
 * Where a function is in its life, for messages to people.
 *
 * @param probeAttempts readiness probes asked so far
 * @param probeMessage why the last one failed; empty where none failed
 */
record AgentStatus(
    AgentHello.State state, boolean ready, long probeAttempts, String probeMessage) {}
