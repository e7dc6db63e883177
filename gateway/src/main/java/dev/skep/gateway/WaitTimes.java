package dev.skep.gateway;

import dev.skep.api.RevisionKey;
import dev.skep.control.DataPlaneListener.Served;
import dev.skep.telemetry.RequestIds;
import io.netty.util.AsciiString;
import java.util.concurrent.TimeUnit;

/** The times of one request that was parked, of the monotonic clock. */
final class WaitTimes {
  static final AsciiString SKEP_START = AsciiString.cached("skep-start");

  private final RequestIds ids;
  private final long arrivedNanos;
  private long dispatchedNanos;
  private long firstByteNanos;

  WaitTimes(RequestIds ids, long arrivedNanos) {
    this.ids = ids;
    this.arrivedNanos = arrivedNanos;
  }

  void dispatched(long nanos) {
    dispatchedNanos = nanos;
  }

  void firstByte(long nanos) {
    firstByteNanos = nanos;
  }

  /**
   * The value of {@code Skep-Start}: {@code cold} when the instance came after the request, {@code
   * queued} when the request only waited for a free place.
   */
  String header(Instance instance) {
    boolean cold = instance.readyNanos() - arrivedNanos > 0;
    long waited = TimeUnit.NANOSECONDS.toMillis(dispatchedNanos - arrivedNanos);
    return (cold ? "cold" : "queued") + "; id=" + ids.request() + "; wait=" + waited;
  }

  Served served(RevisionKey key, String instance, long doneNanos) {
    return new Served(key, ids, instance, arrivedNanos, dispatchedNanos, firstByteNanos, doneNanos);
  }
}
