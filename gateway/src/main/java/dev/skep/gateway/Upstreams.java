package dev.skep.gateway;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollSocketChannel;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to one instance: kept-alive HTTP/1.1 connections, the last used
 * first, and one HTTP/2 connection. Owned by the loop.
 */
@SuppressWarnings(
    "FutureReturnValueIgnored") // a failed write or close ends the channel, which is heard
final class Upstreams {
  /** How much is written ahead of a slow reader, on either side. */
  static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(64 * 1024, 256 * 1024);

  private final Loop loop;
  private final Instance instance;
  private final ArrayDeque<Http1Upstream> idle = new ArrayDeque<>();
  private final Set<Channel> open = new HashSet<>();
  private @Nullable Http2Upstream http2;

  Upstreams(Loop loop, Instance instance) {
    this.loop = loop;
    this.instance = instance;
  }

  Loop loop() {
    return loop;
  }

  Instance instance() {
    return instance;
  }

  /**
   * Gives an HTTP/1.1 connection to the exchange, at once where one is free.
   *
   * @param fresh a new one: the last was closed by the instance just when it was used
   */
  void openHttp1(Exchange exchange, boolean fresh) {
    Http1Upstream free = fresh ? null : pollActive();
    if (free != null) {
      free.serve(exchange);
      return;
    }
    Http1Upstream upstream = new Http1Upstream(this);
    connect(upstream.initializer())
        .addListener(
            (ChannelFuture connected) -> {
              if (connected.isSuccess()) {
                instance.pool().reached(instance);
                upstream.connected(exchange);
              } else if (exchange.wantsConnection()) {
                exchange.connectFailed(connected.cause());
              }
            });
  }

  /**
   * Gives a stream of the HTTP/2 connection to the exchange, as soon as the instance allows one.
   */
  void openHttp2(Exchange exchange) {
    Http2Upstream current = http2;
    if (current == null || !current.accepts()) {
      current = Http2Upstream.create(this);
      http2 = current;
      Http2Upstream created = current;
      connect(created)
          .addListener((ChannelFuture connected) -> created.connected(connected.cause()));
    }
    current.open(exchange);
  }

  /** Takes a connection back whose response is complete. */
  void idle(Http1Upstream upstream) {
    if (instance.removed() || loop.draining()) {
      upstream.close();
      return;
    }
    idle.addLast(upstream);
    loop.watchIdle(this);
  }

  /** A connection ended. */
  void ended(Http1Upstream upstream) {
    idle.remove(upstream);
  }

  /** A connection ended or takes no more streams. */
  void ended(Http2Upstream upstream) {
    if (http2 == upstream) {
      http2 = null;
    }
  }

  /** The HTTP/2 connection has no streams for now. */
  void idle(Http2Upstream upstream) {
    if (instance.removed() || loop.draining()) {
      upstream.close();
    } else {
      loop.watchIdle(this);
    }
  }

  /**
   * Closes connections that were not used since then.
   *
   * @return whether there is nothing left to look after
   */
  boolean closeIdleSince(long nanos) {
    while (!idle.isEmpty() && idle.getFirst().idleSinceNanos() - nanos < 0) {
      idle.removeFirst().close();
    }
    Http2Upstream shared = http2;
    if (shared != null && shared.isIdle() && shared.idleSinceNanos() - nanos < 0) {
      shared.close();
      http2 = null;
    }
    return idle.isEmpty() && http2 == null;
  }

  /** Closes what is idle; what is in use is closed when it becomes idle. */
  void close() {
    while (!idle.isEmpty()) {
      idle.removeFirst().close();
    }
    Http2Upstream shared = http2;
    if (shared != null && shared.isIdle()) {
      shared.close();
    }
  }

  /** Closes what is in use too, whose exchanges fail. */
  void closeAll() {
    List.copyOf(open).forEach(Channel::close);
  }

  private @Nullable Http1Upstream pollActive() {
    while (!idle.isEmpty()) {
      Http1Upstream upstream = idle.removeLast();
      if (upstream.isActive()) {
        return upstream;
      }
    }
    return null;
  }

  private ChannelFuture connect(ChannelHandler handler) {
    return new Bootstrap()
        .group(loop.eventLoop())
        .channel(EpollSocketChannel.class)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
        .option(
            ChannelOption.CONNECT_TIMEOUT_MILLIS,
            Math.toIntExact(loop.config().connectTimeout().toMillis()))
        .handler(handler)
        .connect(instance.endpoint().address())
        .addListener((ChannelFuture connected) -> opened(connected.channel()));
  }

  private void opened(Channel channel) {
    if (channel.isActive()) {
      open.add(channel);
      channel.closeFuture().addListener(_ -> open.remove(channel));
    }
  }
}
