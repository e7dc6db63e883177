package dev.skep.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One request of an HTTP/2 client. */
@SuppressWarnings(
    "FutureReturnValueIgnored") // a failed write or close ends the channel, which is heard
final class Http2ClientStream extends Http2StreamSide implements ClientSide {
  private final Http2Front front;
  private final ClientOrigin origin;
  private @Nullable Exchange exchange;
  private boolean requestDone;
  private boolean appendable;

  Http2ClientStream(Http2Front front, Http2Stream stream, ClientOrigin origin) {
    super(front, stream.id());
    this.front = front;
    this.origin = origin;
  }

  void open(Router router, RequestHead head, boolean last) {
    requestDone = last;
    Exchange opened = new Exchange(front.loop(), router, this, head, last);
    exchange = opened;
    opened.start();
  }

  /** Answers a request that is not worth an exchange. */
  void refuse(Reply reply) {
    reply.writeTo(this, null);
  }

  @Override
  void received(ByteBuf data, boolean last) {
    requestDone |= last;
    if (exchange == null) {
      data.release();
    } else {
      exchange.requestData(data, last);
      exchange.requestFlush();
    }
  }

  void trailersRead(Fields trailers) {
    requestDone = true;
    if (exchange != null) {
      exchange.requestTrailers(trailers);
      exchange.requestFlush();
    }
  }

  @Override
  void writabilityChanged() {
    if (exchange != null) {
      exchange.clientWritable(writable());
    }
  }

  @Override
  void streamClosed() {
    Exchange serving = exchange;
    exchange = null;
    if (serving != null) {
      serving.clientGone();
    }
  }

  @Override
  public ClientOrigin origin() {
    return origin;
  }

  @Override
  public void inform(ResponseHead head) {
    write(head.http2(), false);
  }

  @Override
  public void respond(ResponseHead head, boolean last) {
    Http2Headers headers = head.http2();
    appendable = !headers.contains(HttpHeaderNames.CONTENT_LENGTH);
    ended(write(headers, last), last);
  }

  @Override
  public void data(ByteBuf data, boolean last) {
    ended(write(data, last), last);
  }

  @Override
  public void trailers(Fields trailers) {
    ended(write(trailers.http2(), true), true);
  }

  @Override
  public void unread() {}

  @Override
  public void tunnel(ResponseHead head) {
    // Only HTTP/1.1 clients ask for an upgrade; an instance that upgrades unasked is broken.
    abort("");
  }

  @Override
  public void abort(String lastWords) {
    if (appendable && !lastWords.isEmpty()) {
      data(Unpooled.copiedBuffer(lastWords, StandardCharsets.UTF_8), true);
    } else {
      exchange = null;
      reset(Http2Error.INTERNAL_ERROR);
    }
  }

  private void ended(ChannelFuture written, boolean last) {
    if (!last) {
      return;
    }
    exchange = null;
    reading(true);
    if (!requestDone) {
      // RFC 9113 8.1: tells the client that the rest of its body is not wanted.
      written.addListener(done -> reset(Http2Error.NO_ERROR));
    }
  }
}
