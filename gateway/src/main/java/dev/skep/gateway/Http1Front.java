package dev.skep.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One HTTP/1.x connection of a client: its requests one after the other, pipelined ones in a queue
 * that stops the reading.
 */
@SuppressWarnings(
    "FutureReturnValueIgnored") // a failed write or close ends the channel, which is heard
final class Http1Front extends ChannelInboundHandlerAdapter implements ClientSide, Loop.Front {
  private static final Logger log = LoggerFactory.getLogger(Http1Front.class);

  private enum Mode {
    /** Requests and responses. */
    HTTP,
    /** The last response is written; what still comes is thrown away until the connection ends. */
    LINGER,
    /** Bytes after a 101. */
    TUNNEL
  }

  private static final int LARGEST_CHUNK = 64 * 1024;
  private static final int LONGEST_LINE = 16 * 1024;
  private static final int MOST_LINGER_BYTES = 1 << 20;
  private static final long LINGER_MILLIS = 2000;
  private static final AsciiString ZERO = AsciiString.cached("0");

  /** Knows that a response to HEAD has no body, whatever its fields say. */
  private final class Encoder extends HttpResponseEncoder {
    @Override
    protected boolean isContentAlwaysEmpty(HttpResponse response) {
      return headRequest || super.isContentAlwaysEmpty(response);
    }
  }

  private final Loop loop;
  private final Router router;
  private final ClientOrigin origin;
  private final Channel channel;
  private final HttpRequestDecoder decoder;
  private final HttpResponseEncoder encoder = new Encoder();
  private final ArrayDeque<Object> pipelined = new ArrayDeque<>(1);

  private Mode mode = Mode.HTTP;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Exchange exchange;
  private boolean requestDone;
  private boolean skipsLast;
  private boolean headRequest;
  private boolean http10;
  private boolean closeAfter;
  private boolean appendable;
  private boolean wanted = true;
  private boolean draining;
  private boolean began;
  private int lingerBytes;

  Http1Front(Loop loop, Router router, Channel channel) {
    this.loop = loop;
    this.router = router;
    this.channel = channel;
    origin = new ClientOrigin(channel);
    decoder =
        new HttpRequestDecoder(
            new HttpDecoderConfig()
                .setMaxInitialLineLength(LONGEST_LINE)
                .setMaxHeaderSize(loop.config().maxHeaderBytes())
                .setMaxChunkSize(LARGEST_CHUNK));
  }

  /** Appends itself to the pipeline of its connection. */
  void addTo(ChannelPipeline pipeline) {
    pipeline.addLast(decoder, encoder, this);
  }

  // ------------------------------------------------------------------ from the client

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    loop.add(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    switch (mode) {
      case LINGER -> discard(message);
      case TUNNEL -> tunnelled(message);
      case HTTP -> {
        if (pipelined.isEmpty() && mayAccept()) {
          accept(message);
        } else {
          pipelined.add(message);
          applyReading();
        }
      }
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (exchange != null) {
      exchange.requestFlush();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (exchange != null) {
      exchange.clientWritable(channel.isWritable());
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    loop.remove(this);
    Exchange serving = exchange;
    exchange = null;
    if (serving != null) {
      serving.clientGone();
    }
    dropPipelined();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    log.debug("Connection of {} ends", origin.address(), cause);
    ctx.close();
  }

  /** Whether the next message belongs to the request in progress, or nothing is in progress. */
  private boolean mayAccept() {
    return exchange == null || !requestDone || skipsLast;
  }

  private void accept(Object message) {
    if (message instanceof HttpRequest request) {
      open(request);
    } else if (message instanceof HttpContent content) {
      body(content);
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  private void open(HttpRequest request) {
    http10 = request.protocolVersion().minorVersion() == 0;
    headRequest = request.method().equals(HttpMethod.HEAD);
    closeAfter = !HttpUtil.isKeepAlive(request);
    appendable = false;
    requestDone = false;
    began = true;
    HttpTarget target = HttpTarget.of(request);
    switch (target) {
      case HttpTarget.Bad(Reply reply) -> {
        closeAfter = true;
        reply.writeTo(this, null);
      }
      case HttpTarget.Good(RequestHead head, boolean bodyless) -> {
        requestDone = bodyless;
        skipsLast = bodyless;
        Exchange next = new Exchange(loop, router, this, head, bodyless);
        exchange = next;
        next.start();
      }
    }
  }

  private void body(HttpContent content) {
    boolean last = content instanceof LastHttpContent;
    Exchange serving = exchange;
    if (skipsLast) {
      skipsLast = false;
      content.release();
    } else if (content.decoderResult().isFailure()) {
      content.release();
      channel.close();
    } else if (serving == null) {
      content.release();
    } else {
      requestDone = last;
      if (last && !((LastHttpContent) content).trailingHeaders().isEmpty()) {
        serving.requestData(content.content(), false);
        serving.requestTrailers(new Http1Fields(((LastHttpContent) content).trailingHeaders()));
      } else {
        serving.requestData(content.content(), last);
      }
    }
  }

  private void discard(Object message) {
    if (message instanceof HttpContent content) {
      lingerBytes += content.content().readableBytes();
    }
    ReferenceCountUtil.release(message);
    if (lingerBytes > MOST_LINGER_BYTES) {
      channel.close();
    }
  }

  private void tunnelled(Object message) {
    if (message instanceof ByteBuf bytes && exchange != null) {
      exchange.requestData(bytes, false);
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  // ------------------------------------------------------------------ towards the client

  @Override
  public ClientOrigin origin() {
    return origin;
  }

  @Override
  public void inform(ResponseHead head) {
    if (!http10) {
      write(new DefaultHttpResponse(HttpVersion.HTTP_1_1, head.status(), head.fields().http1()));
      write(LastHttpContent.EMPTY_LAST_CONTENT);
      flush();
    }
  }

  @Override
  public void respond(ResponseHead head, boolean last) {
    HttpHeaders headers = head.fields().http1();
    int code = head.status().code();
    boolean bodyless =
        headRequest
            || code == HttpResponseStatus.NO_CONTENT.code()
            || code == HttpResponseStatus.NOT_MODIFIED.code();
    if (!bodyless && !headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
      frame(headers, last);
    }
    if (closeAfter || draining) {
      closeAfter = true;
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    } else if (http10) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
    }
    write(new DefaultHttpResponse(HttpVersion.HTTP_1_1, head.status(), headers));
    if (last) {
      write(LastHttpContent.EMPTY_LAST_CONTENT);
      ended();
    }
  }

  private void frame(HttpHeaders headers, boolean last) {
    if (last) {
      headers.set(HttpHeaderNames.CONTENT_LENGTH, ZERO);
      return;
    }
    appendable = true;
    if (http10) {
      closeAfter = true; // the end of the connection is the end of the body
    } else {
      headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    }
  }

  @Override
  public void data(ByteBuf data, boolean last) {
    if (mode == Mode.TUNNEL) {
      write(data);
    } else if (last) {
      write(new DefaultLastHttpContent(data, EmptyHttpHeaders.INSTANCE));
    } else {
      write(new DefaultHttpContent(data));
    }
    if (last) {
      ended();
    }
  }

  @Override
  public void trailers(Fields trailers) {
    write(new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, trailers.http1()));
    ended();
  }

  @Override
  public void tunnel(ResponseHead head) {
    if (!pipelined.isEmpty()) {
      channel.close(); // it spoke before it was told that the protocol is switched
      return;
    }
    write(new DefaultHttpResponse(HttpVersion.HTTP_1_1, head.status(), head.fields().http1()));
    flush();
    mode = Mode.TUNNEL;
    closeAfter = true;
    ChannelPipeline pipeline = channel.pipeline();
    pipeline.remove(encoder);
    pipeline.remove(decoder);
    reading(true);
  }

  @Override
  public void flush() {
    ctx().flush();
  }

  @Override
  public boolean writable() {
    return channel.isWritable();
  }

  @Override
  public void reading(boolean on) {
    wanted = on;
    applyReading();
  }

  @Override
  public void unread() {
    closeAfter |= !requestDone;
  }

  @Override
  public void abort(String lastWords) {
    exchange = null;
    mode = Mode.LINGER;
    if (appendable && !lastWords.isEmpty()) {
      write(new DefaultLastHttpContent(Unpooled.copiedBuffer(lastWords, StandardCharsets.UTF_8)));
    }
    closeFlushed();
  }

  @Override
  public void drain() {
    draining = true;
    if (exchange == null && pipelined.isEmpty() && mode == Mode.HTTP) {
      channel.close();
    }
  }

  @Override
  public void close() {
    channel.close();
  }

  @Override
  public boolean busy() {
    boolean was = began || exchange != null;
    began = false;
    return was;
  }

  /** The response is written: on to the next request, or to the end of the connection. */
  private void ended() {
    exchange = null;
    if (!requestDone) {
      linger();
    } else if (closeAfter) {
      mode = Mode.LINGER;
      closeFlushed();
    } else {
      ctx().flush();
      wanted = true;
      if (!pipelined.isEmpty()) {
        loop.execute(this::nextPipelined);
      } else {
        applyReading();
      }
    }
  }

  private void nextPipelined() {
    while (mode == Mode.HTTP && !pipelined.isEmpty() && mayAccept()) {
      accept(pipelined.poll());
    }
    if (exchange != null) {
      exchange.requestFlush();
    }
    applyReading();
  }

  /**
   * Closing while bytes of the request still come in would reset the connection, and the client
   * could lose the response: read on for a while.
   */
  private void linger() {
    mode = Mode.LINGER;
    dropPipelined();
    ctx().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> endOutput());
    applyReading();
    loop.after(LINGER_MILLIS, this::close);
  }

  private void endOutput() {
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    if (tls == null) {
      ((DuplexChannel) channel).shutdownOutput();
    } else {
      tls.closeOutbound();
    }
  }

  private void closeFlushed() {
    dropPipelined();
    ctx().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  private void applyReading() {
    boolean on = mode == Mode.LINGER || (wanted && pipelined.isEmpty());
    if (channel.config().isAutoRead() != on) {
      channel.config().setAutoRead(on);
    }
  }

  private void dropPipelined() {
    pipelined.forEach(ReferenceCountUtil::release);
    pipelined.clear();
  }

  private void write(Object message) {
    ctx().write(message, ctx().voidPromise());
  }

  private ChannelHandlerContext ctx() {
    return Objects.requireNonNull(context, "added to a pipeline");
  }
}
