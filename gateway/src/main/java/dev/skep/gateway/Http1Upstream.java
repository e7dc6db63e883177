package dev.skep.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** One HTTP/1.1 connection to an instance: serves one exchange after the other. */
@SuppressWarnings(
    "FutureReturnValueIgnored") // a failed write or close ends the channel, which is heard
final class Http1Upstream extends ChannelInboundHandlerAdapter implements InstanceSide {
  private static final int LARGEST_CHUNK = 64 * 1024;

  /** Knows that a response to HEAD has no body, whatever its fields say. */
  private final class Decoder extends HttpResponseDecoder {
    Decoder(HttpDecoderConfig config) {
      super(config);
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpMessage response) {
      return headRequest || super.isContentAlwaysEmpty(response);
    }
  }

  private final Upstreams owner;
  private final HttpRequestEncoder encoder = new HttpRequestEncoder();
  private @Nullable ChannelHandlerContext context;
  private @Nullable Exchange exchange;
  private long idleSinceNanos;
  private boolean reused;
  private boolean headRequest;
  private boolean requestSent;
  private boolean keepAlive;
  private boolean informational;
  private boolean complete;
  private boolean tunnel;
  private boolean paused;

  Http1Upstream(Upstreams owner) {
    this.owner = owner;
  }

  ChannelHandler initializer() {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        HttpDecoderConfig config =
            new HttpDecoderConfig()
                .setMaxHeaderSize(owner.loop().config().maxHeaderBytes())
                .setMaxChunkSize(LARGEST_CHUNK);
        channel.pipeline().addLast(new Decoder(config), encoder, Http1Upstream.this);
      }
    };
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  /** The connection was made, for an exchange that may have ended since. */
  void connected(Exchange waiting) {
    if (waiting.wantsConnection()) {
      serve(waiting);
    } else {
      idleSinceNanos = owner.loop().now();
      owner.idle(this);
    }
  }

  void serve(Exchange next) {
    exchange = next;
    requestSent = false;
    complete = false;
    next.connected(this);
  }

  boolean isActive() {
    return channel().isActive();
  }

  long idleSinceNanos() {
    return idleSinceNanos;
  }

  void close() {
    channel().close();
  }

  // ------------------------------------------------------------------ towards the instance

  @Override
  public boolean reused() {
    return reused;
  }

  @Override
  public void request(RequestHead head, boolean last) {
    HttpRequest request = head.http1();
    headRequest = request.method().equals(HttpMethod.HEAD);
    requestSent = last;
    if (last) {
      ctx()
          .write(
              new DefaultFullHttpRequest(
                  request.protocolVersion(),
                  request.method(),
                  request.uri(),
                  Unpooled.EMPTY_BUFFER,
                  request.headers(),
                  EmptyHttpHeaders.INSTANCE),
              ctx().voidPromise());
      return;
    }
    if (!request.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
      request.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    }
    ctx().write(request, ctx().voidPromise());
  }

  @Override
  public void data(ByteBuf data, boolean last) {
    if (tunnel) {
      ctx().write(data, ctx().voidPromise());
      if (last) {
        ctx().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
      }
      return;
    }
    requestSent |= last;
    HttpContent content =
        last
            ? new DefaultLastHttpContent(data, EmptyHttpHeaders.INSTANCE)
            : new DefaultHttpContent(data);
    ctx().write(content, ctx().voidPromise());
  }

  @Override
  public void trailers(Fields trailers) {
    requestSent = true;
    ctx()
        .write(
            new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, trailers.http1()),
            ctx().voidPromise());
  }

  @Override
  public void flush() {
    ctx().flush();
  }

  @Override
  public boolean writable() {
    return channel().isWritable();
  }

  @Override
  public void reading(boolean on) {
    if (paused == on) {
      paused = !on;
      channel().config().setAutoRead(on);
    }
  }

  @Override
  public void leave() {
    reading(true);
    ((DuplexChannel) channel()).shutdownOutput();
  }

  @Override
  public void abort() {
    exchange = null;
    channel().close();
  }

  // ------------------------------------------------------------------ from the instance

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    Exchange serving = exchange;
    if (serving == null) {
      // Bytes that nobody asked for: never let them become the next response.
      ReferenceCountUtil.release(message);
      ctx.close();
    } else if (tunnel) {
      tunnelled(serving, message);
    } else if (message instanceof HttpResponse head) {
      response(serving, head);
    } else if (message instanceof HttpContent content) {
      content(serving, content);
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (complete) {
      complete = false;
      giveBack();
    } else if (exchange != null) {
      exchange.responseFlush();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (exchange != null) {
      exchange.instanceWritable(channel().isWritable());
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    owner.ended(this);
    fail("it closed the connection");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(String.valueOf(cause.getMessage()));
    ctx.close();
  }

  private void response(Exchange serving, HttpResponse head) {
    if (head.decoderResult().isFailure()) {
      fail("its response is not HTTP/1.1: " + head.decoderResult().cause().getMessage());
      close();
      return;
    }
    ResponseHead neutral = new ResponseHead(head.status(), new Http1Fields(head.headers()));
    if (head.status().code() == HttpResponseStatus.SWITCHING_PROTOCOLS.code()) {
      startTunnel();
      serving.switched(neutral);
    } else if (head.status().codeClass() == HttpStatusClass.INFORMATIONAL) {
      informational = true;
      serving.inform(neutral);
    } else {
      keepAlive = HttpUtil.isKeepAlive(head);
      serving.response(neutral, false);
    }
  }

  private void content(Exchange serving, HttpContent content) {
    if (content.decoderResult().isFailure()) {
      content.release();
      fail("its response's body is malformed: " + content.decoderResult().cause().getMessage());
      close();
      return;
    }
    if (!(content instanceof LastHttpContent last)) {
      serving.responseData(content.content(), false);
    } else if (informational) {
      informational = false;
      last.release();
    } else {
      exchange = null;
      complete = true;
      if (last.trailingHeaders().isEmpty()) {
        serving.responseData(last.content(), true);
      } else {
        serving.responseData(last.content(), false);
        serving.responseTrailers(new Http1Fields(last.trailingHeaders()));
      }
    }
  }

  private void tunnelled(Exchange serving, Object message) {
    if (message instanceof ByteBuf bytes) {
      serving.responseData(bytes, false);
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  /** The decoder passes bytes through by itself after a 101. */
  private void startTunnel() {
    tunnel = true;
    ctx().pipeline().remove(encoder);
  }

  private void giveBack() {
    if (keepAlive && requestSent && channel().isActive()) {
      reused = true;
      reading(true);
      idleSinceNanos = owner.loop().now();
      owner.idle(this);
    } else {
      close();
    }
  }

  private void fail(String cause) {
    Exchange serving = exchange;
    exchange = null;
    if (serving != null) {
      serving.instanceFailed(cause);
    }
  }

  private Channel channel() {
    return ctx().channel();
  }

  private ChannelHandlerContext ctx() {
    return java.util.Objects.requireNonNull(context, "added to a pipeline");
  }
}
