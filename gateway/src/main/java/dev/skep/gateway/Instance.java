package dev.skep.gateway;

import dev.skep.control.Endpoint;
import java.util.ArrayList;
import java.util.List;

/**
 * One ready instance of a revision. Load and state belong to the {@link RevisionPool} and are
 * touched under its lock only; the connections belong to the event loops.
 */
final class Instance implements RevisionPool.Admission {
  private final RevisionPool pool;
  private final Endpoint endpoint;
  private final long readyNanos;
  private final List<Upstreams> upstreams;

  /** Requests that hold a slot. Guarded by the pool's lock. */
  int load;

  /** Could not be reached a moment ago, gets no requests for now. Guarded by the pool's lock. */
  boolean suspended;

  /** Connection failures in a row. Guarded by the pool's lock. */
  int failures;

  private volatile boolean removed;

  Instance(RevisionPool pool, Endpoint endpoint, long readyNanos, List<Loop> loops) {
    this.pool = pool;
    this.endpoint = endpoint;
    this.readyNanos = readyNanos;
    upstreams = new ArrayList<>(loops.size());
    for (Loop loop : loops) {
      upstreams.add(new Upstreams(loop, this));
    }
  }

  RevisionPool pool() {
    return pool;
  }

  Endpoint endpoint() {
    return endpoint;
  }

  String id() {
    return endpoint.instance();
  }

  /** When the gateway learned of it, of the monotonic clock. */
  long readyNanos() {
    return readyNanos;
  }

  /** The connections to it of one event loop. */
  Upstreams upstreams(Loop loop) {
    return upstreams.get(loop.index());
  }

  boolean removed() {
    return removed;
  }

  /** Takes it out of service or, when it was only gone for a moment, back. Called by the pool. */
  void removed(boolean now) {
    removed = now;
  }

  /** Closes all connections: it runs no more. Safe for any thread. */
  void closeAll() {
    for (Upstreams each : upstreams) {
      each.loop().execute(each::closeAll);
    }
  }

  /** Closes connections that nobody uses; safe for any thread. */
  void closeIdle() {
    for (Upstreams each : upstreams) {
      each.loop().execute(each::close);
    }
  }
}
