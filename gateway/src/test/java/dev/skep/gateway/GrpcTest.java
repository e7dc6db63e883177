package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.Protocol;
import dev.skep.sandbox.StartFailure;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real gRPC, client and server, through the gateway. */
class GrpcTest {
  private static final Metadata.Key<String> NOTE =
      Metadata.Key.of("note", Metadata.ASCII_STRING_MARSHALLER);

  /** Strings as messages: no generated code needed. */
  private static final class Text implements MethodDescriptor.Marshaller<String> {
    @Override
    public InputStream stream(String value) {
      return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String parse(InputStream stream) {
      try (stream) {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final MethodDescriptor<String, String> UNARY =
      method(MethodDescriptor.MethodType.UNARY, "Unary");
  private static final MethodDescriptor<String, String> MANY =
      method(MethodDescriptor.MethodType.SERVER_STREAMING, "Many");
  private static final MethodDescriptor<String, String> CHAT =
      method(MethodDescriptor.MethodType.BIDI_STREAMING, "Chat");

  private final Harness harness = new Harness();
  private final CountDownLatch cancelled = new CountDownLatch(1);
  private final CountDownLatch held = new CountDownLatch(1);
  private final ManagedChannel channel =
      NettyChannelBuilder.forAddress("localhost", harness.port())
          .usePlaintext()
          .overrideAuthority(Harness.HOST)
          .build();
  private Server server;

  GrpcTest() throws IOException {
    server = NettyServerBuilder.forPort(0).addService(service()).build().start();
  }

  private static MethodDescriptor<String, String> method(
      MethodDescriptor.MethodType type, String name) {
    return MethodDescriptor.<String, String>newBuilder(new Text(), new Text())
        .setType(type)
        .setFullMethodName("test.Echo/" + name)
        .build();
  }

  private ServerServiceDefinition service() {
    return ServerServiceDefinition.builder("test.Echo")
        .addMethod(UNARY, ServerCalls.asyncUnaryCall(this::unary))
        .addMethod(MANY, ServerCalls.asyncServerStreamingCall(this::many))
        .addMethod(CHAT, ServerCalls.asyncBidiStreamingCall(this::chat))
        .build();
  }

  private void unary(String request, StreamObserver<String> response) {
    if (request.startsWith("fail")) {
      Metadata trailers = new Metadata();
      trailers.put(NOTE, "from the trailers");
      response.onError(
          Status.FAILED_PRECONDITION.withDescription("as wished").asRuntimeException(trailers));
      return;
    }
    response.onNext("hello " + request);
    response.onCompleted();
  }

  private void many(String request, StreamObserver<String> response) {
    if (request.equals("forever")) {
      ((ServerCallStreamObserver<String>) response).setOnCancelHandler(cancelled::countDown);
      response.onNext("first");
      return;
    }
    for (int i = 0; i < Integer.parseInt(request); i++) {
      response.onNext("item " + i);
    }
    response.onCompleted();
  }

  private StreamObserver<String> chat(StreamObserver<String> response) {
    return new StreamObserver<>() {
      @Override
      public void onNext(String value) {
        response.onNext("re: " + value);
      }

      @Override
      public void onError(Throwable t) {
        cancelled.countDown();
      }

      @Override
      public void onCompleted() {
        response.onCompleted();
      }
    };
  }

  @BeforeEach
  void ready() {
    harness.gateway.revision(Harness.traffic(Protocol.H2C, 0));
    harness.instances(server.getPort());
  }

  @AfterEach
  void close() {
    held.countDown();
    channel.shutdownNow();
    server.shutdownNow();
    harness.close();
  }

  private String unary(String message) {
    return ClientCalls.blockingUnaryCall(
        channel, UNARY, CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS), message);
  }

  @Test
  void callsOneMethod() {
    for (int i = 0; i < 100; i++) {
      assertThat(unary("gateway " + i)).isEqualTo("hello gateway " + i);
    }
  }

  @Test
  void passesStatusAndTrailers() {
    AtomicReference<Metadata> headers = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    var watched =
        ClientInterceptors.intercept(
            channel, MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
    assertThatThrownBy(
            () -> ClientCalls.blockingUnaryCall(watched, UNARY, CallOptions.DEFAULT, "fail"))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessage("FAILED_PRECONDITION: as wished");
    assertThat(trailers.get().get(NOTE)).isEqualTo("from the trailers");
  }

  @Test
  void streamsFromTheInstance() {
    List<String> items = new ArrayList<>();
    ClientCalls.blockingServerStreamingCall(channel, MANY, CallOptions.DEFAULT, "20000")
        .forEachRemaining(items::add);
    assertThat(items).hasSize(20_000).startsWith("item 0").endsWith("item 19999");
    harness.awaitInFlight(0);
  }

  @Test
  void chatsBothWaysAsOneRequestInFlight() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    StreamObserver<String> say = chatInto(heard);
    for (int i = 0; i < 50; i++) {
      say.onNext("m" + i);
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("re: m" + i);
    }
    assertThat(harness.gateway.sample(Harness.KEY).inFlight()).isEqualTo(1);
    say.onCompleted();
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("done");
    harness.awaitInFlight(0);
  }

  private StreamObserver<String> chatInto(BlockingQueue<String> heard) {
    return ClientCalls.asyncBidiStreamingCall(
        channel.newCall(CHAT, CallOptions.DEFAULT),
        new StreamObserver<>() {
          @Override
          public void onNext(String value) {
            heard.add(value);
          }

          @Override
          public void onError(Throwable t) {
            heard.add(Status.fromThrowable(t).getCode().name());
          }

          @Override
          public void onCompleted() {
            heard.add("done");
          }
        });
  }

  @Test
  void tellsTheInstanceThatTheClientCancelled() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    StreamObserver<String> say = chatInto(heard);
    say.onNext("m");
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("re: m");
    say.onError(Status.CANCELLED.asRuntimeException());
    assertThat(cancelled.await(10, TimeUnit.SECONDS)).isTrue();
    harness.awaitInFlight(0);
  }

  @Test
  void parksCallsAndTheirBodies() throws Exception {
    harness.instances();
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    StreamObserver<String> say = chatInto(heard);
    say.onNext("early");
    harness.awaitParked(1);
    harness.instances(server.getPort());
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("re: early");
    say.onCompleted();
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("done");
  }

  @Test
  void dropsParkedCallsThatAreCancelled() throws Exception {
    harness.instances();
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    StreamObserver<String> say = chatInto(heard);
    say.onNext("early");
    harness.awaitParked(1);
    say.onError(Status.CANCELLED.asRuntimeException());
    harness.awaitParked(0);
  }

  @Test
  void tellsAFailedStartAsAStatus() throws Exception {
    harness.instances();
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    Thread call =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    heard.add(unary("x"));
                  } catch (StatusRuntimeException e) {
                    heard.add(e.getMessage());
                  }
                });
    harness.awaitParked(1);
    harness.gateway.refuse(
        Harness.KEY, StartFailure.of(StartFailure.Reason.IMAGE, "image ü not found"));
    assertThat(heard.poll(10, TimeUnit.SECONDS))
        .isEqualTo("UNAVAILABLE: revision ns/hello-00001 does not start: image ü not found");
    assertThat(call.join(java.time.Duration.ofSeconds(5))).isTrue();
  }

  @Test
  void survivesARestartOfTheInstance() throws Exception {
    assertThat(unary("before")).isEqualTo("hello before");
    int port = server.getPort();
    server.shutdown().awaitTermination(10, TimeUnit.SECONDS); // GOAWAY
    server = NettyServerBuilder.forPort(port).addService(service()).build().start();
    assertThat(unary("after")).isEqualTo("hello after");
    assertThat(harness.news.unreachable).isEmpty();
  }

  @Test
  void respectsTheInstancesLimitOfStreams() throws Exception {
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    server =
        NettyServerBuilder.forPort(0)
            .maxConcurrentCallsPerConnection(2)
            .addService(service())
            .build()
            .start();
    harness.instances(server.getPort());
    List<BlockingQueue<String>> chats = new ArrayList<>();
    List<StreamObserver<String>> speakers = new ArrayList<>();
    assertThat(unary("settings come with this")).isNotEmpty();
    for (int i = 0; i < 12; i++) {
      BlockingQueue<String> heard = new LinkedBlockingQueue<>();
      StreamObserver<String> say = chatInto(heard);
      say.onNext("m");
      chats.add(heard);
      speakers.add(say);
    }
    for (int i = 0; i < 12; i++) {
      // Whoever is let in now answers; ending it lets the next one in.
      speakers.get(i).onCompleted();
    }
    for (BlockingQueue<String> heard : chats) {
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("re: m");
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("done");
    }
  }

  @Test
  void answersUnavailableWhenTheInstanceSpeaksNoHttp2() throws Exception {
    try (Origin plain = Origin.saying("HTTP/1.1 only")) {
      harness.instances(plain.port());
      assertThatThrownBy(() -> unary("x"))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE))
          .hasMessageContaining("i-0");
    }
  }
}
