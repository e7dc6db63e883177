package dev.skep.microvm;

import java.time.Duration;

/**
 * What an agent says of itself when a host connects.
 *
 * @param bootToAgent from the guest kernel's start to the agent's first instruction
 * @param agentToListening from there until the agent listened
 */
record AgentHello(
    int protocol, State state, boolean ready, Duration bootToAgent, Duration agentToListening) {
  /** How far the function is. */
  enum State {
    IDLE,
    RUNNING,
    EXITED
  }
}
