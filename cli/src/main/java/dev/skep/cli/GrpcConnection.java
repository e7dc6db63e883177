package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.codec.http2.Http2StreamFrame;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One HTTP/2 connection without TLS, for gRPC calls that send one message. Each call blocks until
 * the trailers are there; use by one thread.
 */
final class GrpcConnection implements AutoCloseable {
  /**
   * What came back: headers, body with its length prefixes, trailers.
   *
   * @param nanos from the first byte out to the end of the trailers
   */
  @SuppressWarnings("ArrayRecordComponent") // a body is bytes; nobody compares answers
  record Answer(List<Map.Entry<String, String>> headers, byte[] body, long nanos) {
    String header(String name) {
      return headers.stream()
          .filter(header -> header.getKey().equals(name))
          .map(Map.Entry::getValue)
          .reduce((_, last) -> last)
          .orElse("");
    }
  }

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Channel channel;
  private final Duration timeout;

  private GrpcConnection(InetSocketAddress address, Duration timeout) throws IOException {
    this.timeout = timeout;
    var connected =
        new Bootstrap()
            .group(group)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel opened) {
                    opened
                        .pipeline()
                        .addLast(
                            Http2FrameCodecBuilder.forClient().build(),
                            new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()));
                  }
                })
            .connect(address)
            .awaitUninterruptibly();
    if (!connected.isSuccess()) {
      close(group);
      throw new IOException(
          "gateway " + address + ": " + connected.cause().getMessage(), connected.cause());
    }
    this.channel = connected.channel();
  }

  static GrpcConnection open(InetSocketAddress address, Duration timeout) throws IOException {
    return new GrpcConnection(address, timeout);
  }

  /**
   * Sends one message and gives all that comes back; a TIMEOUT or UNAVAILABLE when nothing does.
   */
  Answer call(String authority, String path, Map<String, String> headers, byte[] message) {
    var answer = new CompletableFuture<Answer>();
    long began = System.nanoTime();
    var opened =
        new Http2StreamChannelBootstrap(channel)
            .handler(new Collector(answer, began))
            .open()
            .awaitUninterruptibly();
    if (!opened.isSuccess()) {
      throw broken(opened.cause());
    }
    Channel stream = opened.getNow();
    var _ = stream.write(new DefaultHttp2HeadersFrame(head(authority, path, headers), false));
    ByteBuf body =
        Unpooled.buffer(5 + message.length)
            .writeByte(0)
            .writeInt(message.length)
            .writeBytes(message);
    var _ = stream.writeAndFlush(new DefaultHttp2DataFrame(body, true));
    try {
      return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      var _ = stream.close();
      throw new SkepException(
          Code.TIMEOUT, "no answer within " + timeout.toMillis() + " ms (--timeout)", e);
    } catch (ExecutionException e) {
      throw broken(e.getCause() == null ? e : e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw broken(e);
    }
  }

  private static Http2Headers head(String authority, String path, Map<String, String> headers) {
    Http2Headers head =
        new DefaultHttp2Headers()
            .method("POST")
            .scheme("http")
            .authority(authority)
            .path(path)
            .add("content-type", "application/grpc")
            .add("te", "trailers");
    headers.forEach((name, value) -> head.add(name.toLowerCase(java.util.Locale.ROOT), value));
    return head;
  }

  private static SkepException broken(Throwable cause) {
    return new SkepException(
        Code.UNAVAILABLE, "the gateway broke the call: " + cause.getMessage(), cause);
  }

  @Override
  public void close() {
    channel.close().awaitUninterruptibly();
    close(group);
  }

  private static void close(EventLoopGroup group) {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  /** Collects one answer on the event loop. */
  private static final class Collector extends SimpleChannelInboundHandler<Http2StreamFrame> {
    private final CompletableFuture<Answer> answer;
    private final long began;
    private final List<Map.Entry<String, String>> headers = new ArrayList<>();
    private final ByteBuf body = Unpooled.buffer();

    Collector(CompletableFuture<Answer> answer, long began) {
      this.answer = answer;
      this.began = began;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, Http2StreamFrame frame) {
      boolean ended = false;
      if (frame instanceof Http2HeadersFrame head) {
        head.headers()
            .forEach(
                field ->
                    headers.add(Map.entry(field.getKey().toString(), field.getValue().toString())));
        ended = head.isEndStream();
      } else if (frame instanceof Http2DataFrame data) {
        body.writeBytes(data.content());
        ended = data.isEndStream();
      } else if (frame instanceof Http2ResetFrame reset) {
        answer.completeExceptionally(
            new IOException("stream reset with error " + reset.errorCode()));
      }
      if (ended) {
        answer.complete(
            new Answer(
                List.copyOf(headers), ByteBufUtil.getBytes(body), System.nanoTime() - began));
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      answer.completeExceptionally(new IOException("closed before the answer was complete"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      answer.completeExceptionally(cause);
    }
  }
}
