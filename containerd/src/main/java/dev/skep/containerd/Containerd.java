package dev.skep.containerd;

import com.google.protobuf.Empty;
import containerd.services.containers.v1.ContainersGrpc;
import containerd.services.namespaces.v1.NamespaceOuterClass.CreateNamespaceRequest;
import containerd.services.namespaces.v1.NamespaceOuterClass.Namespace;
import containerd.services.namespaces.v1.NamespacesGrpc;
import containerd.services.tasks.v1.TasksGrpc;
import containerd.services.version.v1.VersionGrpc;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A connection to one containerd, in the namespace {@code skep}. It is made again, soon, whenever
 * containerd comes back; requests wait for that as long as their deadlines allow. Safe for use by
 * several threads.
 */
final class Containerd implements AutoCloseable {
  /** All that is ours in a containerd, which others may use too. */
  static final String NAMESPACE = "skep";

  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final long RECONNECT_MILLIS = 100;
  private static final int MAX_MESSAGE = 16 << 20; // as containerd's own clients allow
  private static final Metadata.Key<String> NAMESPACE_HEADER =
      Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER);

  private final Path socket;
  private final EventLoopGroup loop;
  private final ManagedChannel connection;
  private final Channel channel;

  private Containerd(Path socket, EventLoopGroup loop, ManagedChannel connection) {
    this.socket = socket;
    this.loop = loop;
    this.connection = connection;
    var headers = new Metadata();
    headers.put(NAMESPACE_HEADER, NAMESPACE);
    this.channel =
        ClientInterceptors.intercept(
            connection, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /**
   * Connects, and makes the namespace.
   *
   * @throws SkepException UNAVAILABLE where nothing answers within {@code patience}
   */
  static Containerd connect(Path socket, Duration patience) {
    var loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    ManagedChannel connection =
        NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toString()))
            .eventLoopGroup(loop)
            .channelType(EpollDomainSocketChannel.class)
            .withOption(ChannelOption.SO_KEEPALIVE, null) // netty warns: unix sockets have none
            .usePlaintext()
            .overrideAuthority("localhost")
            .maxInboundMessageSize(MAX_MESSAGE)
            .idleTimeout(365, TimeUnit.DAYS)
            .build();
    var containerd = new Containerd(socket, loop, connection);
    try {
      containerd.keepConnected();
      containerd.makeNamespace(patience);
      return containerd;
    } catch (RuntimeException e) {
      containerd.close();
      throw e;
    }
  }

  Path socket() {
    return socket;
  }

  /** {@code 1.6.20}, {@code v2.1.9}. */
  String version() {
    var stub =
        VersionGrpc.newBlockingStub(channel)
            .withDeadlineAfter(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
    return ask("version", () -> stub.version(Empty.getDefaultInstance())).getVersion();
  }

  ContainersGrpc.ContainersBlockingStub containers() {
    return ContainersGrpc.newBlockingStub(channel)
        .withWaitForReady()
        .withDeadlineAfter(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
  }

  TasksGrpc.TasksBlockingStub tasks() {
    return TasksGrpc.newBlockingStub(channel)
        .withWaitForReady()
        .withDeadlineAfter(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Without a deadline: for waits that may last as long as a container does. */
  TasksGrpc.TasksStub waits() {
    return TasksGrpc.newStub(channel).withWaitForReady();
  }

  boolean isClosed() {
    return connection.isShutdown();
  }

  /** The answer to a request, its errors as ours. */
  <T> T ask(String what, Supplier<T> request) {
    try {
      return request.get();
    } catch (StatusRuntimeException e) {
      throw ContainerdErrors.of(what, socket, e);
    }
  }

  /** As {@link #ask}, where it does not matter if the thing is gone already. */
  void askIfThere(String what, Supplier<?> request) {
    try {
      var _ = ask(what, request);
    } catch (SkepException e) {
      if (e.code() != Code.NOT_FOUND) {
        throw e;
      }
    }
  }

  @Override
  public void close() {
    connection.shutdownNow();
    awaitEnd();
    var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  /** What is still under way needs the loop. */
  private void awaitEnd() {
    try {
      connection.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void makeNamespace(Duration patience) {
    var request =
        CreateNamespaceRequest.newBuilder()
            .setNamespace(Namespace.newBuilder().setName(NAMESPACE))
            .build();
    var stub =
        NamespacesGrpc.newBlockingStub(channel)
            .withWaitForReady()
            .withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS);
    try {
      var _ = ask("namespace " + NAMESPACE, () -> stub.create(request));
    } catch (SkepException e) {
      switch (e.code()) {
        case ALREADY_EXISTS -> {}
        case TIMEOUT ->
            throw new SkepException(Code.UNAVAILABLE, String.valueOf(e.getMessage()), e);
        default -> throw e;
      }
    }
  }

  /** gRPC waits longer and longer between its tries: far too long for one that restarts. */
  private void keepConnected() {
    if (connection.isShutdown()) {
      return;
    }
    ConnectivityState now = connection.getState(true);
    if (now == ConnectivityState.TRANSIENT_FAILURE) {
      var _ =
          loop.schedule(connection::resetConnectBackoff, RECONNECT_MILLIS, TimeUnit.MILLISECONDS);
    }
    connection.notifyWhenStateChanged(now, this::keepConnected);
  }
}
