package dev.skep.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells HTTP/2 with prior knowledge from HTTP/1.x by the first bytes of a connection, then makes
 * room for the right front; with TLS it does so after the handshake, whatever ALPN said. An {@code
 * Upgrade: h2c} of HTTP/1.1 is not taken: RFC 9113 removed it.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a failed close ends the channel all the same
final class PrefaceDetector extends ByteToMessageDecoder implements Loop.Front {
  private static final Logger log = LoggerFactory.getLogger(PrefaceDetector.class);

  /** Enough to tell: no method of HTTP/1.x begins so. */
  private static final byte[] HTTP2_START = {'P', 'R', 'I', ' '};

  private final Loop loop;
  private final Router router;

  private final Channel channel;

  PrefaceDetector(Loop loop, Router router, Channel channel) {
    this.loop = loop;
    this.router = router;
    this.channel = channel;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    loop.add(this);
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) {
    loop.remove(this);
  }

  @Override
  public void drain() {
    close();
  }

  @Override
  public void close() {
    channel.close();
  }

  @Override
  public boolean busy() {
    return false;
  }

  /** A handshake that fails, say: who closes the connection is whoever failed. */
  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    log.debug("Connection of {} ends", channel.remoteAddress(), cause);
    ctx.close();
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    int known = Math.min(in.readableBytes(), HTTP2_START.length);
    boolean http2 = true;
    for (int i = 0; i < known; i++) {
      http2 &= in.getByte(in.readerIndex() + i) == HTTP2_START[i];
    }
    if (http2 && known < HTTP2_START.length) {
      return;
    }
    ChannelPipeline pipeline = ctx.pipeline();
    if (http2) {
      pipeline.addLast(Http2Front.create(loop, router));
    } else {
      new Http1Front(loop, router, ctx.channel()).addTo(pipeline);
    }
    pipeline.remove(this);
  }
}
