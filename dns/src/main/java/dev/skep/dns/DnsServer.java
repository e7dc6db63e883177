package dev.skep.dns;

import dev.skep.api.SkepException;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The name server of all sandboxes of a daemon, on one port of the loopback address, UDP and TCP.
 * Functions have names in {@code svc.cluster.local}, all with the one address at which sandboxes
 * reach the gateway; what is outside of {@code cluster.local} is passed on to the host's resolvers,
 * byte for byte.
 *
 * <p>Only sandboxes have questions passed on: a resolver of the host's that asks us for what we ask
 * of it is refused, so no question goes round.
 */
@SuppressWarnings("FutureReturnValueIgnored") // whoever gets no answer asks again
public final class DnsServer implements AutoCloseable {
  private static final int BIND_ATTEMPTS = 16;
  private static final int MOST_CONNECTIONS = 128;
  private static final int IDLE_SECONDS = 10;
  private static final long STOP_SECONDS = 5;

  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("dns", true), NioIoHandler.newFactory());
  private final ClusterZone zone = new ClusterZone();
  private final byte[] gateway;
  private final Predicate<InetAddress> sandboxes;
  private final Forwarder forwarder;
  private final InetSocketAddress address;
  private int connections;

  private DnsServer(
      Inet4Address gateway,
      Predicate<InetAddress> sandboxes,
      Supplier<List<InetSocketAddress>> resolvers) {
    this.gateway = gateway.getAddress();
    this.sandboxes = sandboxes;
    forwarder = new Forwarder(group.next(), () -> others(resolvers.get()));
    address = bind();
  }

  /**
   * Listens. Until {@link #publish}, names of the cluster are answered SERVFAIL.
   *
   * @param gateway the address of every function
   * @param sandboxes whether a question comes from one, by its sender
   * @param resolvers of the host, the best first, as they are now
   * @throws SkepException UNAVAILABLE when it cannot listen
   */
  public static DnsServer open(
      Inet4Address gateway,
      Predicate<InetAddress> sandboxes,
      Supplier<List<InetSocketAddress>> resolvers) {
    return new DnsServer(gateway, sandboxes, resolvers);
  }

  /**
   * Answers for functions and Services from now on.
   *
   * @param hosts the gateway's host names as they are now, lower case; of these, those in {@code
   *     svc.cluster.local} are names here
   * @param services full names of Services and of their pods in lower case, and their addresses, as
   *     they are now
   * @param ports full names of Services' ports ({@code _http._tcp.NAME...}), and where they lead to
   */
  public void publish(
      Supplier<Set<String>> hosts,
      Supplier<Map<String, List<Inet4Address>>> services,
      Supplier<Map<String, List<InetSocketAddress>>> ports) {
    zone.publish(hosts, services, ports);
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return address;
  }

  @Override
  public void close() {
    group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private List<InetSocketAddress> others(List<InetSocketAddress> resolvers) {
    return resolvers.stream().filter(resolver -> !resolver.equals(address)).toList();
  }

  /** The same port for both: that of UDP is free for TCP too, unless somebody has just taken it. */
  private InetSocketAddress bind() {
    Throwable problem = null;
    for (int i = 0; i < BIND_ATTEMPTS; i++) {
      ChannelFuture datagrams = datagrams().awaitUninterruptibly();
      if (!datagrams.isSuccess()) {
        problem = datagrams.cause();
        break;
      }
      var bound = (InetSocketAddress) datagrams.channel().localAddress();
      ChannelFuture streams = streams(bound).awaitUninterruptibly();
      if (streams.isSuccess()) {
        return bound;
      }
      problem = streams.cause();
      datagrams.channel().close();
    }
    close();
    throw new SkepException(
        SkepException.Code.UNAVAILABLE, "the name server cannot listen: " + problem);
  }

  private ChannelFuture datagrams() {
    return new Bootstrap()
        .group(group)
        .channel(NioDatagramChannel.class)
        .handler(new Datagrams())
        .bind(InetAddress.getLoopbackAddress(), 0);
  }

  private ChannelFuture streams(InetSocketAddress at) {
    return new ServerBootstrap()
        .group(group)
        .channel(NioServerSocketChannel.class)
        .childHandler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                Streams.frame(channel.pipeline());
                channel.pipeline().addLast(new ReadTimeoutHandler(IDLE_SECONDS), new Messages());
              }
            })
        .bind(at);
  }

  private void answer(byte[] bytes, InetAddress sender, boolean stream, Consumer<byte[]> reply) {
    Optional<Query> read = Query.read(bytes);
    if (read.isEmpty()) {
      return;
    }
    Query query = read.get();
    if (!query.problem().equals(DnsResponseCode.NOERROR)) {
      reply.accept(Replies.failure(query, query.problem()));
      return;
    }
    switch (zone.find(query.name())) {
      case FUNCTION ->
          reply.accept(
              query.type() == DnsRecordType.A.intValue()
                  ? Replies.addresses(query, List.of(gateway))
                  : Replies.nothing(query, DnsResponseCode.NOERROR));
      case SERVICE -> reply.accept(service(query));
      case PORT -> reply.accept(port(query, stream));
      case PARENT -> reply.accept(Replies.nothing(query, DnsResponseCode.NOERROR));
      case NOTHING -> reply.accept(Replies.nothing(query, DnsResponseCode.NXDOMAIN));
      case UNKNOWN -> reply.accept(Replies.failure(query, DnsResponseCode.SERVFAIL));
      case OUTSIDE -> {
        if (sandboxes.test(sender)) {
          forwarder.ask(query, stream, reply);
        } else {
          reply.accept(Replies.failure(query, DnsResponseCode.REFUSED));
        }
      }
    }
  }

  /** In another order each time: clients take the first. */
  private byte[] service(Query query) {
    List<byte[]> addresses = new ArrayList<>();
    zone.addresses(query.name()).forEach(address -> addresses.add(address.getAddress()));
    Collections.shuffle(addresses);
    return query.type() == DnsRecordType.A.intValue() && !addresses.isEmpty()
        ? Replies.addresses(query, addresses)
        : Replies.nothing(query, DnsResponseCode.NOERROR);
  }

  /** Of pods all that fit; a client that is told of more asks again by TCP. */
  private byte[] port(Query query, boolean stream) {
    List<Replies.Target> targets = new ArrayList<>();
    zone.ports(query.name())
        .forEach(
            to ->
                targets.add(
                    new Replies.Target(zone.host(query.name(), to.getAddress()), to.getPort())));
    Collections.shuffle(targets);
    return query.type() == DnsRecordType.SRV.intValue() && !targets.isEmpty()
        ? Replies.targets(query, targets, stream)
        : Replies.nothing(query, DnsResponseCode.NOERROR);
  }

  private final class Datagrams extends SimpleChannelInboundHandler<DatagramPacket> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
      InetSocketAddress client = packet.sender();
      answer(
          ByteBufUtil.getBytes(packet.content()),
          client.getAddress(),
          false,
          bytes ->
              context.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(bytes), client)));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      // a client that has gone: the next one is served all the same
    }
  }

  private final class Messages extends SimpleChannelInboundHandler<ByteBuf> {
    @Override
    public void channelActive(ChannelHandlerContext context) {
      if (++connections > MOST_CONNECTIONS) {
        context.close();
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      connections--;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf message) {
      InetAddress client = ((InetSocketAddress) context.channel().remoteAddress()).getAddress();
      answer(
          ByteBufUtil.getBytes(message),
          client,
          true,
          bytes -> context.writeAndFlush(Unpooled.wrappedBuffer(bytes)));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
