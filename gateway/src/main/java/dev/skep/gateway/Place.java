package dev.skep.gateway;

import dev.skep.api.RevisionKey;
import dev.skep.control.DataPlaneListener.Served;
import dev.skep.control.RevisionTraffic;
import dev.skep.sandbox.StartFailure;
import dev.skep.telemetry.RequestIds;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The place of one exchange in its revision: asks the pool for a slot, waits for it, gives it back
 * exactly once. The pool calls from any thread; all else happens on the exchange's event loop.
 */
final class Place implements RevisionPool.Waiter {
  private static final long FIRST_BACKOFF_MILLIS = 50;
  private static final int MOST_BACKOFF_DOUBLINGS = 4;

  private final Loop loop;
  private final Router router;
  private final RevisionPool pool;
  private final Exchange exchange;
  private final long arrivedNanos;
  private @Nullable WaitTimes wait;
  private @Nullable Instance instance;
  private @Nullable String lastFailure;

  Place(Loop loop, Router router, RevisionPool pool, Exchange exchange, long arrivedNanos) {
    this.loop = loop;
    this.router = router;
    this.pool = pool;
    this.exchange = exchange;
    this.arrivedNanos = arrivedNanos;
  }

  RevisionKey key() {
    return pool.key();
  }

  RevisionTraffic traffic() {
    return pool.traffic();
  }

  /** The instance whose slot it holds. */
  Instance instance() {
    return Objects.requireNonNull(instance, "instance of a dispatched request");
  }

  /** What the last connection failed with, for messages; empty when none did. */
  String lastFailure() {
    return lastFailure == null ? "" : " (last failure: " + lastFailure + ")";
  }

  /** Asks for a slot. */
  void enter() {
    take(pool.admit(this, arrivedNanos));
  }

  /** The instance can't be reached: the slot goes back, and the exchange is first in the queue. */
  void moveOn(Throwable cause) {
    Instance failed = instance();
    lastFailure = failed.id() + ": " + cause.getMessage();
    suspend(failed);
    tellUnreachable(String.valueOf(cause.getMessage()));
    release();
    take(pool.admitAgain(this, loop.now()));
  }

  /** Gives up waiting; false when a slot or a refusal is on its way. */
  boolean leave() {
    return pool.leave(this);
  }

  /** Gives the slot back, if it holds one. */
  void release() {
    Instance held = instance;
    instance = null;
    if (held != null) {
      giveBack(held);
    }
  }

  /** Tells the control plane that the instance failed the request. */
  void tellUnreachable(String cause) {
    String id = instance().id();
    loop.tell(to -> to.unreachable(key(), id, cause));
  }

  /** The response begins: says so to a client that waited. */
  void responds(Fields response) {
    if (wait != null) {
      wait.firstByte(loop.now());
      response.set(WaitTimes.SKEP_START, wait.header(instance()));
    }
  }

  /** Gives the slot back and tells the control plane of a request that waited and was served. */
  void served() {
    String id = instance().id();
    release();
    if (wait != null) {
      Served served = wait.served(key(), id, loop.now());
      loop.tell(to -> to.served(served));
    }
  }

  @Override
  public void assigned(Instance to) {
    loop.execute(
        () -> {
          if (exchange.isParked()) {
            loop.metrics().unparked();
            dispatch(to);
          } else {
            giveBack(to); // the client left, or the time was up, while the slot was on its way
          }
        });
  }

  @Override
  public void refused(StartFailure failure) {
    answerParked(Reply.startFailed(key(), failure));
  }

  @Override
  public void forgotten() {
    answerParked(Reply.noRevision(key()));
  }

  private void answerParked(Reply reply) {
    loop.execute(
        () -> {
          if (exchange.isParked()) {
            exchange.answer(reply);
          }
        });
  }

  private void take(RevisionPool.Admission admission) {
    switch (admission) {
      case Instance free -> dispatch(free);
      case RevisionPool.Denied denied -> {
        switch (denied) {
          case PARKED -> park();
          case FULL -> exchange.answer(Reply.queueFull(key(), traffic().queueDepth()));
          case FORGOTTEN -> exchange.answer(Reply.noRevision(key()));
        }
      }
    }
  }

  private void park() {
    loop.metrics().parked();
    exchange.park();
    if (wait == null && exchange.isParked()) {
      RequestIds ids = exchange.ids();
      wait = new WaitTimes(ids, arrivedNanos);
      loop.tell(to -> to.parked(key(), ids, arrivedNanos));
    }
  }

  private void dispatch(Instance to) {
    instance = to;
    if (wait != null) {
      wait.dispatched(loop.now());
    }
    exchange.connect(to);
  }

  private void suspend(Instance failed) {
    int failures = pool.suspend(failed);
    long backoff = FIRST_BACKOFF_MILLIS << Math.min(failures - 1, MOST_BACKOFF_DOUBLINGS);
    loop.after(backoff, () -> pool.resume(failed));
  }

  private void giveBack(Instance held) {
    if (pool.release(held, loop.now())) {
      router.dropFinished(pool);
    }
  }
}
