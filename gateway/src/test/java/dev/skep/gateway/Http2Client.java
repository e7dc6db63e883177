package dev.skep.gateway;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** An HTTP/2 client with prior knowledge that shows every frame; reads only when told to. */
@SuppressWarnings("FutureReturnValueIgnored")
final class Http2Client implements AutoCloseable {
  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Channel connection;

  Http2Client(int port) throws InterruptedException {
    connection =
        new Bootstrap()
            .group(group)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            Http2FrameCodecBuilder.forClient()
                                .validateHeaders(false)
                                .initialSettings(Http2Settings.defaultSettings().pushEnabled(false))
                                .build(),
                            new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()));
                  }
                })
            .connect(InetAddress.getLoopbackAddress(), port)
            .sync()
            .channel();
  }

  /** One stream; what comes back is turned into lines: {@code status 200}, {@code data x}... */
  final class Stream extends ChannelInboundHandlerAdapter {
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    final BlockingQueue<Http2Headers> heads = new LinkedBlockingQueue<>();
    private final boolean manual;
    private final Http2StreamChannel channel;

    private Stream(boolean manual) throws InterruptedException {
      this.manual = manual;
      channel = new Http2StreamChannelBootstrap(connection).handler(this).open().sync().getNow();
      if (manual) {
        channel.config().setAutoRead(false);
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object frame) {
      switch (frame) {
        case Http2HeadersFrame headers -> {
          heads.add(headers.headers());
          CharSequence status = headers.headers().status();
          events.add(status == null ? "trailers" : "status " + status);
          if (headers.isEndStream()) {
            events.add("end");
          }
        }
        case Http2DataFrame data -> {
          if (data.content().isReadable()) {
            events.add("data " + data.content().toString(StandardCharsets.UTF_8));
          }
          int bytes = data.initialFlowControlledBytes();
          ctx.write(new DefaultHttp2WindowUpdateFrame(bytes).stream(data.stream()));
          if (data.isEndStream()) {
            events.add("end");
          }
        }
        case Http2ResetFrame reset -> events.add("reset " + reset.errorCode());
        case Http2GoAwayFrame ignored -> events.add("goaway");
        default -> {}
      }
      ReferenceCountUtil.release(frame);
      ctx.flush();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof Http2ResetFrame reset) {
        events.add("reset " + Http2Error.valueOf(reset.errorCode()));
      }
    }

    Stream head(boolean last, String method, String path, String... fields) {
      Http2Headers headers =
          new DefaultHttp2Headers(false)
              .method(method)
              .path(path)
              .scheme("http")
              .authority(Harness.HOST);
      for (int i = 0; i < fields.length; i += 2) {
        headers.add(fields[i], fields[i + 1]);
      }
      channel.writeAndFlush(new DefaultHttp2HeadersFrame(headers, last));
      return this;
    }

    Stream data(String text, boolean last) {
      channel.writeAndFlush(
          new DefaultHttp2DataFrame(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8), last));
      return this;
    }

    Stream trailers(String name, String value) {
      channel.writeAndFlush(
          new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().add(name, value), true));
      return this;
    }

    void reset() {
      channel.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL));
    }

    void read() {
      if (manual) {
        channel.config().setAutoRead(true);
      }
    }

    String next() throws InterruptedException {
      return String.valueOf(events.poll(10, TimeUnit.SECONDS));
    }
  }

  Stream open() throws InterruptedException {
    return new Stream(false);
  }

  /** A stream that gives no window back until {@link Stream#read}. */
  Stream openUnread() throws InterruptedException {
    return new Stream(true);
  }

  @Override
  public void close() {
    connection.close();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
