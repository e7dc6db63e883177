package dev.skep.microvm;

/**
 * Receives the events of one agent, one at a time, on the client's reader thread. May block, which
 * holds back the guest's output; must not call the client's blocking requests.
 */
@FunctionalInterface
interface AgentListener {
  void onEvent(AgentEvent event);
}
