package dev.skep.gateway;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** An instance that speaks only HTTP/2: echoes bodies and tells what it saw in its headers. */
@SuppressWarnings("FutureReturnValueIgnored")
final class Http2Origin implements AutoCloseable {
  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Channel server;

  Http2Origin() throws InterruptedException {
    server =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            Http2FrameCodecBuilder.forServer().build(),
                            new Http2MultiplexHandler(
                                new ChannelInitializer<>() {
                                  @Override
                                  protected void initChannel(Channel stream) {
                                    stream.pipeline().addLast(new Echo());
                                  }
                                }));
                  }
                })
            .bind(InetAddress.getLoopbackAddress(), 0)
            .sync()
            .channel();
  }

  private static final class Echo extends ChannelInboundHandlerAdapter {
    private int bytes;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object frame) {
      if (frame instanceof Http2HeadersFrame head) {
        ctx.writeAndFlush(new DefaultHttp2HeadersFrame(answer(head.headers()), head.isEndStream()));
      } else if (frame instanceof Http2DataFrame data) {
        bytes += data.content().readableBytes();
        ctx.write(new DefaultHttp2DataFrame(data.content(), false));
        if (data.isEndStream()) {
          Http2Headers sum = new DefaultHttp2Headers().add("x-sum", String.valueOf(bytes));
          ctx.write(new DefaultHttp2HeadersFrame(sum, true));
        }
        ctx.flush();
      }
    }

    private static Http2Headers answer(Http2Headers request) {
      Http2Headers response =
          new DefaultHttp2Headers()
              .status("200")
              .add("x-seen-path", request.path())
              .add("x-seen-authority", request.authority());
      CharSequence mine = request.get("x-mine");
      return mine == null ? response : response.add("x-seen-mine", mine);
    }
  }

  int port() {
    return ((InetSocketAddress) server.localAddress()).getPort();
  }

  @Override
  public void close() {
    server.close();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
