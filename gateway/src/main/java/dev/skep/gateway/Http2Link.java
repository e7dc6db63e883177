package dev.skep.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/2 connection, of a client or to an instance. Streams are handled without a channel each:
 * that halves the cost of a request. Writes of one round of the event loop share a flush.
 */
@SuppressWarnings(
    "FutureReturnValueIgnored") // a failed write or close ends the channel, which is heard
abstract class Http2Link<S extends Http2StreamSide> extends Http2ConnectionHandler
    implements Loop.Flushable {
  /** Bytes that a peer may send ahead on one stream: the bound of what waits for a slow reader. */
  static final int STREAM_WINDOW = 256 * 1024;

  private static final int CONNECTION_WINDOW = 4 * 1024 * 1024;
  private static final int MOST_RESETS = 2000;
  private static final int RESETS_WINDOW_SECONDS = 10;

  private final Loop loop;
  private final Http2Connection.PropertyKey sideKey;
  private @Nullable ChannelHandlerContext context;
  private boolean dirty;

  Http2Link(
      Loop loop,
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings) {
    super(decoder, encoder, settings);
    this.loop = loop;
    sideKey = connection().newKey();
    connection().addListener(new Closings());
    decoder.frameListener(new Frames());
    connection().remote().flowController().listener(this::writabilityChanged);
  }

  /** Header fields came: a head or trailers. */
  abstract void headers(Http2Stream stream, @Nullable S side, Http2Headers headers, boolean last);

  /** The peer told its settings. */
  void settings(Http2Settings settings) {}

  /** The peer takes no new streams. */
  void goAway() {}

  /** A stream is over, for whatever reason. */
  void closed(Http2Stream stream) {}

  Loop loop() {
    return loop;
  }

  ChannelHandlerContext ctx() {
    return Objects.requireNonNull(context, "added to a pipeline");
  }

  void bind(Http2Stream stream, S side) {
    stream.setProperty(sideKey, side);
    side.opened(stream);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    context = ctx;
    super.handlerAdded(ctx);
  }

  /** Writes are pending; they go out at the end of this round of the event loop. */
  void flushSoon() {
    if (!dirty) {
      dirty = true;
      loop.flushLater(this);
    }
  }

  @Override
  public void flushNow() {
    dirty = false;
    flush(ctx());
  }

  /** Widens the window of the connection, which refills by itself: streams hold back, not it. */
  void widenWindow() {
    try {
      connection()
          .local()
          .flowController()
          .incrementWindowSize(connection().connectionStream(), CONNECTION_WINDOW - 65_535);
    } catch (Http2Exception e) {
      onError(ctx(), true, e);
    }
  }

  private void writabilityChanged(Http2Stream stream) {
    S side = side(stream);
    if (side != null) {
      side.writabilityChanged();
    }
  }

  @SuppressWarnings("unchecked") // bind() is the only writer of this property
  private @Nullable S side(@Nullable Http2Stream stream) {
    return stream == null ? null : (S) stream.getProperty(sideKey);
  }

  private final class Frames extends Http2EventAdapter {
    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int streamId,
        Http2Headers headers,
        int padding,
        boolean endOfStream) {
      Http2Stream stream = connection().stream(streamId);
      if (stream != null) {
        headers(stream, side(stream), headers, endOfStream);
      }
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int streamId,
        Http2Headers headers,
        int streamDependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean endOfStream) {
      onHeadersRead(ctx, streamId, headers, padding, endOfStream);
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream) {
      S side = side(connection().stream(streamId));
      int bytes = data.readableBytes() + padding;
      return side == null ? bytes : side.dataRead(data, bytes, endOfStream);
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode) {
      S side = side(connection().stream(streamId));
      if (side != null) {
        side.resetRead(errorCode);
      }
    }

    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
      settings(settings);
    }

    @Override
    public void onGoAwayRead(
        ChannelHandlerContext ctx, int lastStreamId, long errorCode, ByteBuf debugData) {
      goAway();
    }
  }

  private final class Closings extends Http2ConnectionAdapter {
    @Override
    public void onStreamClosed(Http2Stream stream) {
      S side = side(stream);
      if (side != null) {
        side.streamClosed();
      }
      closed(stream);
    }
  }

  /** Builds either end with the limits and defences of the gateway. */
  abstract static class Builder<H extends Http2Link<?>, B extends Builder<H, B>>
      extends AbstractHttp2ConnectionHandlerBuilder<H, B> {
    Builder(boolean server, Loop loop, Http2Settings settings) {
      DefaultHttp2Connection connection = new DefaultHttp2Connection(server);
      connection
          .local()
          .flowController(new DefaultHttp2LocalFlowController(connection, 0.5f, true));
      connection(connection);
      initialSettings(
          settings
              .initialWindowSize(STREAM_WINDOW)
              .maxHeaderListSize(loop.config().maxHeaderBytes()));
      headerSensitivityDetector((name, value) -> RequestRules.X_REQUEST_ID.contentEquals(name));
      decoderEnforceMaxRstFramesPerWindow(MOST_RESETS, RESETS_WINDOW_SECONDS);
      encoderEnforceMaxRstFramesPerWindow(0, 0);
      gracefulShutdownTimeoutMillis(loop.config().drain().toMillis());
    }

    H create() {
      return build();
    }
  }
}
