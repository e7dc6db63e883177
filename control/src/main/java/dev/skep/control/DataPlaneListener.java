package dev.skep.control;

import dev.skep.api.RevisionKey;
import dev.skep.telemetry.RequestIds;

/**
 * What the data plane tells the control plane. Called on event loops: implementations return at
 * once.
 */
public interface DataPlaneListener {
  /**
   * A request that found no free place was parked.
   *
   * @param arrivedNanos {@link System#nanoTime} of its arrival
   */
  void parked(RevisionKey revision, RequestIds ids, long arrivedNanos);

  /**
   * A request that had been parked got its whole response; its times join the record of the start
   * it waited for.
   */
  void served(Served served);

  /** An instance could not be reached: a connection was refused or broke before the first byte. */
  void unreachable(RevisionKey revision, String instance, String cause);

  /**
   * The times of one request that waited, all of {@link System#nanoTime}.
   *
   * @param dispatchedNanos it left the queue for an instance
   * @param firstByteNanos first byte of the response
   * @param doneNanos last byte of the response
   */
  record Served(
      RevisionKey revision,
      RequestIds ids,
      String instance,
      long arrivedNanos,
      long dispatchedNanos,
      long firstByteNanos,
      long doneNanos) {}
}
