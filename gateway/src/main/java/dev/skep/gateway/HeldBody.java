package dev.skep.gateway;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What came of a request's body before there was a connection for it: the rest of what was already
 * read when reading stopped, so no more than a socket read or a stream's window.
 */
final class HeldBody {
  private @Nullable ArrayDeque<ByteBuf> bytes;
  private @Nullable Fields trailers;

  boolean isEmpty() {
    return bytes == null && trailers == null;
  }

  /** Keeps bytes, whose ownership passes. */
  void add(ByteBuf data) {
    if (bytes == null) {
      bytes = new ArrayDeque<>(4);
    }
    bytes.add(data);
  }

  void end(Fields with) {
    trailers = with;
  }

  /**
   * Sends everything on.
   *
   * @param complete no more of the body follows
   * @return whether there were bytes
   */
  boolean sendTo(InstanceSide side, boolean complete) {
    boolean any = false;
    ArrayDeque<ByteBuf> all = bytes;
    Fields last = trailers;
    bytes = null;
    trailers = null;
    while (all != null && !all.isEmpty()) {
      ByteBuf next = all.poll();
      any |= next.isReadable();
      side.data(next, complete && last == null && all.isEmpty());
    }
    if (last != null) {
      side.trailers(last);
    }
    return any;
  }

  void drop() {
    if (bytes != null) {
      bytes.forEach(ByteBuf::release);
      bytes = null;
    }
  }
}
