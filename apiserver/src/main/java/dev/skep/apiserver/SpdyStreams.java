package dev.skep.apiserver;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynReplyFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyHeaders;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynStreamFrame;
import java.util.Arrays;
import java.util.List;

/**
 * The server's end of SPDY/3.1 as Kubernetes' clients speak it: they open streams, each with
 * headers that say what it is. Like the servers of Kubernetes it leaves flow control to TCP.
 */
final class SpdyStreams implements UpgradedConnection.Frames {
  private static final int CHUNK = 16 << 10;

  /** What the streams are for. On the connection's thread. */
  interface Handler {
    /** Whether the stream may be. */
    boolean opened(int stream, SpdyHeaders headers);

    /** Bytes of the client, perhaps none; {@code last}: it sends no more on this stream. */
    void received(int stream, byte[] bytes, boolean last);

    /** The client wants to hear no more of it. */
    void reset(int stream);

    void ended();
  }

  /** Makes what takes the streams of a connection. */
  interface Use {
    Handler begin(SpdyStreams streams);
  }

  private final UpgradedConnection connection;
  private final Handler handler;

  SpdyStreams(UpgradedConnection connection, Use use) {
    this.connection = connection;
    this.handler = use.begin(this);
  }

  @Override
  public void begun() {}

  @Override
  public void received(Object frame) {
    switch (frame) {
      case SpdySynStreamFrame open -> open(open);
      case SpdyDataFrame data ->
          handler.received(data.streamId(), ByteBufUtil.getBytes(data.content()), data.isLast());
      case SpdyRstStreamFrame reset -> handler.reset(reset.streamId());
      case SpdyPingFrame ping when ping.id() % 2 != 0 -> connection.write(List.of(ping));
      default -> {} // settings, windows, farewells, answers to our pings: nothing to do
    }
  }

  private void open(SpdySynStreamFrame open) {
    int stream = open.streamId();
    if (open.isInvalid() || open.isTruncated()) {
      reset(stream);
      return;
    }
    var reply = new DefaultSpdySynReplyFrame(stream);
    // The codec writes no block for no headers, and clients expect one that says so.
    reply.headers().set("streamtype", String.valueOf(open.headers().getAsString("streamtype")));
    connection.write(List.of(reply)); // before anything else on it
    if (!handler.opened(stream, open.headers())) {
      reset(stream);
    } else if (open.isLast()) {
      handler.received(stream, new byte[0], true);
    }
  }

  /** Sends bytes, perhaps none. From any thread; blocks as long as the client does not read. */
  void send(int stream, byte[] bytes, boolean last) {
    int at = 0;
    do {
      int end = Math.min(bytes.length, at + CHUNK);
      var data =
          new DefaultSpdyDataFrame(
              stream, Unpooled.wrappedBuffer(Arrays.copyOfRange(bytes, at, end)));
      connection.write(List.of(data.setLast(last && end == bytes.length)));
      at = end;
    } while (at < bytes.length);
  }

  /** Asks the client for a sign of life: fails, at the second time, where it has gone. */
  void ping() {
    connection.write(List.of(new DefaultSpdyPingFrame(2)));
  }

  void reset(int stream) {
    connection.write(
        List.of(new DefaultSpdyRstStreamFrame(stream, SpdyStreamStatus.REFUSED_STREAM)));
  }

  /** See {@link UpgradedConnection#over}. */
  void over() {
    connection.over();
  }

  @Override
  public void ended() {
    handler.ended();
  }
}
