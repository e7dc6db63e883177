package dev.skep.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/**
 * What both ends of an exchange have in common when they are an HTTP/2 stream. Back-pressure is the
 * stream's window: bytes that were not passed on are not given back to the peer.
 */
@SuppressWarnings(
    "FutureReturnValueIgnored") // a failed write or close ends the channel, which is heard
abstract class Http2StreamSide {
  private final Http2Link<?> link;
  private final int id;
  private @Nullable Http2Stream stream;
  private boolean paused;
  private int unreturned;

  Http2StreamSide(Http2Link<?> link, int id) {
    this.link = link;
    this.id = id;
  }

  /** Passes bytes on, whose ownership passes. */
  abstract void received(ByteBuf data, boolean last);

  /** More or fewer bytes may be written now. */
  abstract void writabilityChanged();

  /** The stream is over, for whatever reason. */
  abstract void streamClosed();

  /** The peer reset the stream; {@link #streamClosed} follows. */
  void resetRead(long errorCode) {}

  final int id() {
    return id;
  }

  /** The stream exists from here on. */
  final void opened(Http2Stream created) {
    stream = created;
  }

  final int dataRead(ByteBuf data, int bytes, boolean last) {
    received(data.retain(), last);
    if (!paused) {
      return bytes;
    }
    unreturned += bytes;
    return 0;
  }

  public void data(ByteBuf data, boolean last) {
    write(data, last);
  }

  public final boolean writable() {
    return stream == null || link.connection().remote().flowController().isWritable(stream);
  }

  public final void reading(boolean on) {
    paused = !on;
    Http2Stream open = stream;
    if (on && unreturned > 0 && open != null) {
      int bytes = unreturned;
      unreturned = 0;
      try {
        link.connection().local().flowController().consumeBytes(open, bytes);
        link.flushSoon();
      } catch (Http2Exception e) {
        link.onError(link.ctx(), true, e);
      }
    }
  }

  public final void flush() {
    link.flushSoon();
  }

  final ChannelFuture write(ByteBuf data, boolean last) {
    link.flushSoon();
    return link.encoder().writeData(link.ctx(), id, data, 0, last, link.ctx().newPromise());
  }

  final ChannelFuture write(Http2Headers headers, boolean last) {
    link.flushSoon();
    return link.encoder().writeHeaders(link.ctx(), id, headers, 0, last, link.ctx().newPromise());
  }

  final void reset(Http2Error error) {
    link.flushSoon();
    link.resetStream(link.ctx(), id, error.code(), link.ctx().newPromise());
  }
}
