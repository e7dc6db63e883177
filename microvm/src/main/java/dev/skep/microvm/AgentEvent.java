package dev.skep.microvm;

import java.time.Duration;
import java.time.Instant;

/** What an agent says without being asked, in the order in which it happened. */
sealed interface AgentEvent {
  /**
   * A line that the function wrote, without its line end. Delivered at least once: after a new
   * connection, lines may come again that an earlier client had seen but not yet confirmed.
   *
   * @param stderr which of the two streams
   * @param time of the guest's clock
   * @param partial the line goes on in the stream's next output
   * @param dropped lines lost before this one, because no host read them in time
   */
  @SuppressWarnings("ArrayRecordComponent") // output is bytes; nobody compares lines
  record Output(boolean stderr, Instant time, boolean partial, byte[] line, long dropped)
      implements AgentEvent {}

  /**
   * The readiness probe has passed for the first time.
   *
   * @param sinceExec guest time from the function's exec to the answer that passed
   * @param attempts probes asked, the one that passed included
   */
  record Ready(Duration sinceExec, long attempts) implements AgentEvent {}

  /**
   * After {@link Ready}, the probe's verdict has changed.
   *
   * @param message why, where it is no longer ready
   */
  record ReadinessChanged(boolean ready, String message) implements AgentEvent {}

  /**
   * The function's process has ended; all its output has been delivered before.
   *
   * @param code exit code, 128 + signal where a signal ended it
   * @param signal 0 where it exited by itself
   * @param sinceExec how long it ran
   */
  record Exited(int code, int signal, boolean outOfMemory, Duration sinceExec)
      implements AgentEvent {}

  /** The channel is closed; the last event of a client. */
  record Disconnected(String reason) implements AgentEvent {}
}
