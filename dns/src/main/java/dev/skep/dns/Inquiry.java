package dev.skep.dns;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One query to one resolver, over a socket of its own: that is connected, so the kernel drops what
 * others send. It belongs to one event loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a failed write or close ends in silence: a timeout
final class Inquiry extends SimpleChannelInboundHandler<Object> {
  private final byte[] query;
  private final Consumer<Optional<byte[]>> heard;
  private @Nullable Future<?> timeout;
  private boolean over;

  /**
   * @param heard is called once, with nothing where no answer came
   */
  Inquiry(byte[] query, Consumer<Optional<byte[]>> heard) {
    this.query = query;
    this.heard = heard;
  }

  void start(EventLoop loop, InetSocketAddress resolver, boolean stream, int patienceMillis) {
    timeout = loop.schedule(() -> end(Optional.empty()), patienceMillis, TimeUnit.MILLISECONDS);
    new Bootstrap()
        .group(loop)
        .channel(stream ? NioSocketChannel.class : NioDatagramChannel.class)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, patienceMillis)
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                if (stream) {
                  Streams.frame(channel.pipeline());
                }
                channel.pipeline().addLast(Inquiry.this);
              }
            })
        .connect(resolver)
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                end(Optional.empty());
              }
            });
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    if (over) {
      context.close();
    } else {
      context.writeAndFlush(Unpooled.wrappedBuffer(query));
    }
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, Object message) {
    ByteBuf content =
        message instanceof ByteBufHolder datagram ? datagram.content() : (ByteBuf) message;
    byte[] answer = ByteBufUtil.getBytes(content);
    if (answers(answer)) {
      context.close();
      end(Optional.of(answer));
    }
  }

  private boolean answers(byte[] answer) {
    return answer.length >= Query.HEADER
        && answer[0] == query[0]
        && answer[1] == query[1]
        && answer[2] < 0; // the bit that says: a response
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close(); // nobody listens there
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    end(Optional.empty());
  }

  private void end(Optional<byte[]> answer) {
    if (!over) {
      over = true;
      if (timeout != null) {
        timeout.cancel(false);
      }
      heard.accept(answer);
    }
  }
}
