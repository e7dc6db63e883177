package dev.skep.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP/2 connection of one event loop to one instance. Exchanges wait here, in order, while it
 * connects and while the instance allows no more streams.
 */
@SuppressWarnings(
    "FutureReturnValueIgnored") // a failed write or close ends the channel, which is heard
final class Http2Upstream extends Http2Link<Http2InstanceStream> {
  /** What RFC 9113 6.5.2 recommends as the least; assumed until the instance's settings come. */
  private static final int STREAMS_BEFORE_SETTINGS = 100;

  private static final class UpstreamBuilder extends Builder<Http2Upstream, UpstreamBuilder> {
    private final Upstreams owner;

    UpstreamBuilder(Upstreams owner) {
      super(false, owner.loop(), Http2Settings.defaultSettings().pushEnabled(false));
      this.owner = owner;
    }

    @Override
    protected Http2Upstream build(
        Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
      return new Http2Upstream(owner, decoder, encoder, settings);
    }
  }

  private final Upstreams owner;
  private final ArrayDeque<Exchange> waiting = new ArrayDeque<>();
  private boolean connected;
  private boolean ending;
  private boolean settled;
  private boolean served;
  private long idleSinceNanos;
  private @Nullable String failure;

  private Http2Upstream(
      Upstreams owner,
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings) {
    super(owner.loop(), decoder, encoder, settings);
    this.owner = owner;
    connection().local().maxActiveStreams(STREAMS_BEFORE_SETTINGS);
  }

  static Http2Upstream create(Upstreams owner) {
    return new UpstreamBuilder(owner).create();
  }

  /** Whether new exchanges may come. */
  boolean accepts() {
    return !ending;
  }

  boolean isIdle() {
    return connected && waiting.isEmpty() && connection().numActiveStreams() == 0;
  }

  long idleSinceNanos() {
    return idleSinceNanos;
  }

  boolean isConnected() {
    return ctx().channel().isActive();
  }

  /** Why the connection broke, as far as it is known. */
  String failure() {
    return failure == null ? "it closed the connection" : failure;
  }

  void open(Exchange exchange) {
    if (connected && waiting.isEmpty() && connection().local().canOpenStream()) {
      start(exchange);
    } else {
      waiting.add(exchange);
    }
  }

  /** The attempt to connect ended. */
  void connected(@Nullable Throwable cause) {
    if (cause == null) {
      connected = true;
      idleSinceNanos = owner.loop().now();
      owner.instance().pool().reached(owner.instance());
      widenWindow();
      startWaiting();
      return;
    }
    stopAccepting();
    for (Exchange exchange; (exchange = waiting.poll()) != null; ) {
      if (exchange.wantsConnection()) {
        exchange.connectFailed(cause);
      }
    }
  }

  void close() {
    stopAccepting();
    ctx().channel().close();
  }

  @Override
  void headers(
      Http2Stream stream, @Nullable Http2InstanceStream side, Http2Headers headers, boolean last) {
    if (side != null) {
      side.headersRead(headers, last);
    }
  }

  @Override
  void settings(Http2Settings settings) {
    if (!settled && settings.maxConcurrentStreams() == null) {
      connection().local().maxActiveStreams(Integer.MAX_VALUE);
    }
    settled = true;
    startWaiting();
  }

  @Override
  void goAway() {
    stopAccepting();
    passWaitingOn();
  }

  @Override
  void closed(Http2Stream stream) {
    startWaiting();
    if (connection().numActiveStreams() == 0 && waiting.isEmpty()) {
      idleSinceNanos = owner.loop().now();
      if (ending) {
        ctx().channel().close();
      } else {
        owner.idle(this);
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    stopAccepting();
    super.channelInactive(ctx);
    passWaitingOn();
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext ctx,
      boolean outbound,
      Throwable cause,
      @Nullable Http2Exception http2) {
    failure = "it does not speak HTTP/2 as expected: " + cause.getMessage();
    stopAccepting();
    super.onConnectionError(ctx, outbound, cause, http2);
  }

  private void stopAccepting() {
    ending = true;
    owner.ended(this);
  }

  private void startWaiting() {
    while (connected && !ending && !waiting.isEmpty() && connection().local().canOpenStream()) {
      Exchange next = waiting.poll();
      if (next.wantsConnection()) {
        start(next);
      }
    }
  }

  /** This connection is no good any more: those who wait get the next one. */
  private void passWaitingOn() {
    for (Exchange exchange; (exchange = waiting.poll()) != null; ) {
      if (exchange.wantsConnection() && served) {
        owner.openHttp2(exchange);
      } else if (exchange.wantsConnection()) {
        // Never served one request: another connection would do no better at once.
        exchange.connectFailed(new IOException(failure()));
      }
    }
  }

  private void start(Exchange exchange) {
    int id = connection().local().incrementAndGetNextStreamId();
    if (id < 0) {
      stopAccepting();
      owner.openHttp2(exchange);
      return;
    }
    boolean reused = served;
    served = true;
    exchange.connected(new Http2InstanceStream(this, id, exchange, reused));
  }
}
