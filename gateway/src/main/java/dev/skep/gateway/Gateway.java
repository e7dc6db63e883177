package dev.skep.gateway;

import dev.skep.api.RevisionKey;
import dev.skep.api.SkepException;
import dev.skep.control.DataPlane;
import dev.skep.control.DataPlaneListener;
import dev.skep.control.Endpoint;
import dev.skep.control.LoadSample;
import dev.skep.control.RevisionTraffic;
import dev.skep.control.RouteTable;
import dev.skep.sandbox.StartFailure;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.ssl.SniHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The data plane: one port for HTTP/1.1, HTTP/2 without TLS, gRPC and WebSockets of all functions,
 * and where it is wanted a second one for the same over TLS. Every method is safe for use by any
 * thread; only {@link #start} and {@link #close} block.
 */
@SuppressWarnings(
    "FutureReturnValueIgnored") // a failed write or close ends the channel, which is heard
public final class Gateway implements DataPlane, AutoCloseable {
  private static final LoadSample NO_LOAD = new LoadSample(0, 0, 0, 0);
  private static final int BACKLOG = 4096;
  private static final long QUIET_CHECK_MILLIS = 10;
  private static final long STOP_SECONDS = 5;
  private static final int LARGEST_HELLO = 16 * 1024;
  private static final long HANDSHAKE_MILLIS = 10_000;

  private final GatewayConfig config;
  private final GatewayMetrics metrics = new GatewayMetrics();
  private final MultiThreadIoEventLoopGroup group;
  private final List<Loop> loops = new ArrayList<>();
  private final Router router;
  private final @Nullable Certificates certificates;
  private volatile @Nullable Channel server;
  private volatile @Nullable Channel tlsServer;

  /**
   * Prepares a gateway; nothing listens before {@link #start}.
   *
   * @param listener is called on event loops
   * @throws SkepException UNSUPPORTED where this host has no epoll
   */
  public Gateway(GatewayConfig config, DataPlaneListener listener) {
    this(config, listener, System::nanoTime);
  }

  Gateway(GatewayConfig config, DataPlaneListener listener, LongSupplier clock) {
    if (!Epoll.isAvailable()) {
      throw new SkepException(
          SkepException.Code.UNSUPPORTED,
          "the gateway needs Linux's epoll, which does not load here: "
              + Epoll.unavailabilityCause());
    }
    this.config = config;
    group =
        new MultiThreadIoEventLoopGroup(
            config.eventLoops(),
            new DefaultThreadFactory("gateway", true),
            EpollIoHandler.newFactory());
    for (EventExecutor executor : group) {
      loops.add(
          new Loop(loops.size(), (EventLoop) executor, clock, config, listener, metrics.shard()));
    }
    router = new Router(List.copyOf(loops), clock);
    certificates = config.tls().map(tls -> new Certificates(tls.fallback())).orElse(null);
  }

  /**
   * Listens.
   *
   * @throws SkepException CONFLICT when another process has the port, UNAVAILABLE when the address
   *     can't be used for another reason
   */
  public void start() {
    server = listen(config.listen(), null);
    if (config.tls().isPresent()) {
      tlsServer = listen(config.tls().get().listen(), certificates);
    }
  }

  private Channel listen(InetSocketAddress address, @Nullable Certificates tls) {
    ChannelFuture bound =
        new ServerBootstrap()
            .group(group)
            .channel(EpollServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, Upstreams.WATER_MARK)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    if (tls != null) {
                      channel
                          .pipeline()
                          .addLast(new SniHandler(tls, LARGEST_HELLO, HANDSHAKE_MILLIS));
                    }
                    channel
                        .pipeline()
                        .addLast(new PrefaceDetector(loopOf(channel), router, channel));
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw cannotListen(address, bound.cause());
    }
    return bound.channel();
  }

  /** The host names that lead somewhere now, lower case, without port. */
  public Set<String> hosts() {
    return router.hosts();
  }

  /**
   * Whether a host name leads somewhere now.
   *
   * @param host lower case, without port
   */
  public boolean leads(String host) {
    return router.leads(host);
  }

  /**
   * Leads hosts to a server of the daemon's own, whatever functions have these names; replaces what
   * was led there before.
   *
   * @param traffic how its requests are treated; its key is no revision's
   */
  public void own(Set<String> hosts, RevisionTraffic traffic, InetSocketAddress server) {
    router.revision(traffic);
    endpoints(traffic.key(), List.of(new Endpoint(traffic.key().toString(), server)));
    var route = new RouteTable.Route(List.of(new RouteTable.Target(traffic.key(), 100)));
    router.own(new RouteTable(hosts.stream().collect(Collectors.toMap(host -> host, _ -> route))));
  }

  /** The port that it listens on. */
  public int port() {
    return port(server);
  }

  /** The port on which it takes TLS. */
  int tlsPort() {
    return port(tlsServer);
  }

  private static int port(@Nullable Channel listening) {
    if (listening == null) {
      throw new SkepException(SkepException.Code.UNAVAILABLE, "the gateway was not started");
    }
    return ((InetSocketAddress) listening.localAddress()).getPort();
  }

  /** What it has counted. */
  public GatewayMetrics metrics() {
    return metrics;
  }

  @Override
  public void routes(RouteTable table) {
    if (certificates != null) {
      certificates.replace(table.certificates());
    }
    router.routes(table);
  }

  @Override
  public void revision(RevisionTraffic traffic) {
    router.revision(traffic);
  }

  @Override
  public void forget(RevisionKey revision) {
    router.forget(revision);
  }

  @Override
  public void endpoints(RevisionKey revision, List<Endpoint> ready) {
    RevisionPool pool = router.pool(revision);
    if (pool != null) {
      pool.endpoints(List.copyOf(ready));
    }
  }

  @Override
  public void ended(RevisionKey revision, String instance) {
    RevisionPool pool = router.pool(revision);
    if (pool != null) {
      pool.ended(instance);
    }
  }

  @Override
  public void refuse(RevisionKey revision, StartFailure failure) {
    RevisionPool pool = router.pool(revision);
    if (pool != null) {
      pool.refuse(failure);
    }
  }

  @Override
  public LoadSample sample(RevisionKey revision) {
    RevisionPool pool = router.pool(revision);
    return pool == null ? NO_LOAD : pool.sample();
  }

  @Override
  public int inFlight(RevisionKey revision, String instance) {
    RevisionPool pool = router.pool(revision);
    return pool == null ? 0 : pool.inFlight(instance);
  }

  /**
   * Stops listening, refuses what waits, lets requests in progress end within the configured bound,
   * then breaks off the rest.
   */
  @Override
  public void close() {
    stopListening(server);
    stopListening(tlsServer);
    if (!group.isShuttingDown()) {
      loops.forEach(loop -> loop.execute(loop::drain));
      awaitQuiet();
      loops.forEach(loop -> loop.execute(loop::closeAll));
      group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS);
    }
    group.terminationFuture().awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
  }

  private static void stopListening(@Nullable Channel listening) {
    if (listening != null) {
      listening.close().awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
    }
  }

  private void awaitQuiet() {
    long deadline = System.nanoTime() + config.drain().toNanos();
    CountDownLatch quiet = new CountDownLatch(loops.size());
    loops.forEach(loop -> loop.execute(() -> whenQuiet(loop, quiet, deadline)));
    try {
      if (!quiet.await(config.drain().toMillis(), TimeUnit.MILLISECONDS)) {
        return; // the bound: what still runs is broken off
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void whenQuiet(Loop loop, CountDownLatch quiet, long deadline) {
    if (loop.quiet()) {
      quiet.countDown();
    } else if (System.nanoTime() - deadline < 0) {
      loop.after(QUIET_CHECK_MILLIS, () -> whenQuiet(loop, quiet, deadline));
    }
  }

  private Loop loopOf(Channel channel) {
    for (Loop loop : loops) {
      if (loop.eventLoop().equals(channel.eventLoop())) {
        return loop;
      }
    }
    throw new IllegalStateException("a connection on a foreign event loop");
  }

  private static SkepException cannotListen(InetSocketAddress listen, Throwable cause) {
    String host =
        listen.isUnresolved() ? listen.getHostString() : listen.getAddress().getHostAddress();
    String at = host + ":" + listen.getPort();
    String why = String.valueOf(cause.getMessage());
    if (!why.contains("Address already in use")) {
      return new SkepException(
          SkepException.Code.UNAVAILABLE, "the gateway can't listen on " + at + ": " + why, cause);
    }
    String owner = PortOwner.of(listen.getPort()).orElse("another process");
    return new SkepException(
        SkepException.Code.CONFLICT,
        "the gateway can't listen on "
            + at
            + ": the port is taken by "
            + owner
            + "; end it, or give the gateway another port",
        cause);
  }
}
