package dev.skep.containerd;

import com.google.protobuf.Empty;
import containerd.services.namespaces.v1.NamespaceOuterClass.CreateNamespaceRequest;
import containerd.services.namespaces.v1.NamespaceOuterClass.CreateNamespaceResponse;
import containerd.services.namespaces.v1.NamespacesGrpc;
import containerd.services.tasks.v1.TasksGrpc;
import containerd.services.tasks.v1.TasksOuterClass.DeleteResponse;
import containerd.services.tasks.v1.TasksOuterClass.DeleteTaskRequest;
import containerd.services.tasks.v1.TasksOuterClass.GetRequest;
import containerd.services.tasks.v1.TasksOuterClass.GetResponse;
import containerd.services.tasks.v1.TasksOuterClass.WaitRequest;
import containerd.services.tasks.v1.TasksOuterClass.WaitResponse;
import containerd.services.version.v1.VersionGrpc;
import containerd.services.version.v1.VersionOuterClass.VersionResponse;
import containerd.v1.types.Task;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A containerd with no containers: its answers are the test's. */
final class FakeContainerd implements AutoCloseable {
  /** Waits that nobody has answered. */
  final BlockingQueue<StreamObserver<WaitResponse>> waits = new LinkedBlockingQueue<>();

  /** The header that says whose each request is. */
  final List<String> namespaces = new CopyOnWriteArrayList<>();

  private final MultiThreadIoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final Server server;

  FakeContainerd(Path socket) throws IOException {
    Files.deleteIfExists(socket);
    server =
        NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toString()))
            .channelType(EpollServerDomainSocketChannel.class)
            .bossEventLoopGroup(loop)
            .workerEventLoopGroup(loop)
            .intercept(new Headers())
            .addService(new Namespaces())
            .addService(new Versions())
            .addService(new Tasks())
            .build()
            .start();
  }

  /** As one that is killed: all that is under way breaks. */
  @Override
  public void close() throws InterruptedException {
    server.shutdownNow().awaitTermination();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).await();
  }

  private static final class Namespaces extends NamespacesGrpc.NamespacesImplBase {
    @Override
    public void create(
        CreateNamespaceRequest request, StreamObserver<CreateNamespaceResponse> answer) {
      answer.onError(Status.ALREADY_EXISTS.withDescription("skep").asRuntimeException());
    }
  }

  private static final class Versions extends VersionGrpc.VersionImplBase {
    @Override
    public void version(Empty request, StreamObserver<VersionResponse> answer) {
      answer.onNext(VersionResponse.newBuilder().setVersion("9.9").build());
      answer.onCompleted();
    }
  }

  private final class Tasks extends TasksGrpc.TasksImplBase {
    @Override
    public void wait(WaitRequest request, StreamObserver<WaitResponse> answer) {
      waits.add(answer);
    }

    @Override
    public void get(GetRequest request, StreamObserver<GetResponse> answer) {
      var running =
          Task.Process.newBuilder()
              .setStatus(
                  request.getContainerId().equals("lives")
                      ? Task.Status.RUNNING
                      : Task.Status.UNKNOWN);
      answer.onNext(GetResponse.newBuilder().setProcess(running).build());
      answer.onCompleted();
    }

    @Override
    public void delete(DeleteTaskRequest request, StreamObserver<DeleteResponse> answer) {
      String what =
          request.getContainerId().equals("absent") ? "task absent not found" : "ttrpc: closed";
      Status status = request.getContainerId().equals("absent") ? Status.NOT_FOUND : Status.UNKNOWN;
      answer.onError(status.withDescription(what).asRuntimeException());
    }
  }

  private final class Headers implements ServerInterceptor {
    @Override
    public <A, B> ServerCall.Listener<A> interceptCall(
        ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
      namespaces.add(
          String.valueOf(
              headers.get(
                  Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER))));
      return next.startCall(call, headers);
    }
  }
}
