package dev.skep.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/** One HTTP/2 connection of a client (prior knowledge or ALPN): each stream is an exchange. */
@SuppressWarnings(
    "FutureReturnValueIgnored") // a failed write or close ends the channel, which is heard
final class Http2Front extends Http2Link<Http2ClientStream> implements Loop.Front {
  private static final int MOST_STREAMS = 256;

  private static final class FrontBuilder extends Builder<Http2Front, FrontBuilder> {
    private final Loop loop;
    private final Router router;

    FrontBuilder(Loop loop, Router router) {
      super(true, loop, Http2Settings.defaultSettings().maxConcurrentStreams(MOST_STREAMS));
      this.loop = loop;
      this.router = router;
    }

    @Override
    protected Http2Front build(
        Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
      return new Http2Front(loop, router, decoder, encoder, settings);
    }
  }

  private final Router router;
  private @Nullable ClientOrigin origin;
  private boolean began;

  private Http2Front(
      Loop loop,
      Router router,
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings) {
    super(loop, decoder, encoder, settings);
    this.router = router;
  }

  static Http2Front create(Loop loop, Router router) {
    return new FrontBuilder(loop, router).create();
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    origin = new ClientOrigin(ctx.channel());
    super.handlerAdded(ctx);
    widenWindow();
    loop().add(this);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    loop().remove(this);
    super.channelInactive(ctx);
  }

  @Override
  void headers(
      Http2Stream stream, @Nullable Http2ClientStream side, Http2Headers headers, boolean last) {
    if (side != null) {
      side.trailersRead(new Http2Fields(headers));
      return;
    }
    Http2ClientStream opened =
        new Http2ClientStream(
            this, stream, java.util.Objects.requireNonNull(origin, "set when added"));
    bind(stream, opened);
    began = true;
    CharSequence authority = headers.authority();
    if (authority == null) {
      authority = headers.get(HttpHeaderNames.HOST);
    }
    headers.remove(HttpHeaderNames.HOST);
    CharSequence path = headers.path();
    if (authority == null || path == null || !isPath(path)) {
      opened.refuse(
          Reply.badRequest(
              "found the target '"
                  + path
                  + "' at host '"
                  + authority
                  + "', expected a path and a host"));
      return;
    }
    HttpMethod method = HttpMethod.valueOf(String.valueOf(headers.method()));
    if (method.equals(HttpMethod.CONNECT)) {
      opened.refuse(
          Reply.of(
              HttpResponseStatus.METHOD_NOT_ALLOWED,
              "BadRequest",
              "CONNECT is not supported here"));
      return;
    }
    opened.open(
        router, new RequestHead(method, path, authority, new Http2Fields(headers), null), last);
  }

  @Override
  public void drain() {
    ctx().channel().close(); // GOAWAY, then the end of the last stream, then the end
  }

  @Override
  public void close() {
    ctx().close();
  }

  @Override
  public boolean busy() {
    boolean was = began || connection().numActiveStreams() > 0;
    began = false;
    return was;
  }

  private static boolean isPath(CharSequence path) {
    if (path.isEmpty() || (path.charAt(0) != '/' && !AsciiString.contentEquals("*", path))) {
      return false;
    }
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c <= ' ' || c == 0x7f) {
        return false;
      }
    }
    return true;
  }
}
