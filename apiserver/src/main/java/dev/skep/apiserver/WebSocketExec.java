package dev.skep.apiserver;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * {@code exec} over WebSocket ({@code v4.channel.k8s.io} and {@code v5}): the first byte of a
 * message names its channel; 255, in version 5, says that the channel named next has ended.
 */
final class WebSocketExec implements UpgradedConnection.Frames, ExecSession.Client {
  private static final int CHUNK = 16 << 10;
  private static final int END = 255;

  private final UpgradedConnection connection;
  private final ExecSession session;

  WebSocketExec(UpgradedConnection connection, ExecSession.Order order, Executor executor) {
    this.connection = connection;
    this.session = new ExecSession(order, this, executor);
  }

  @Override
  public void begun() {
    session.opened();
  }

  @Override
  public void received(Object frame) {
    switch (frame) {
      case BinaryWebSocketFrame binary -> message(binary.content());
      case TextWebSocketFrame text -> message(text.content());
      case CloseWebSocketFrame _ -> {
        session.ended();
        close();
      }
      default -> {} // a pong
    }
  }

  private void message(ByteBuf message) {
    if (!message.isReadable()) {
      return;
    }
    int channel = message.readUnsignedByte();
    if (channel == ExecChannel.STDIN.number()) {
      session.stdin(ByteBufUtil.getBytes(message));
    } else if (channel == ExecChannel.RESIZE.number()) {
      session.resize(ByteBufUtil.getBytes(message));
    } else if (channel == END
        && message.isReadable()
        && message.readUnsignedByte() == ExecChannel.STDIN.number()) {
      session.stdinEnded();
    }
  }

  @Override
  public void ended() {
    session.ended();
  }

  @Override
  public void send(ExecChannel channel, byte[] all, boolean last) {
    for (int at = 0; at < all.length; at += CHUNK) {
      ByteBuf head = Unpooled.wrappedBuffer(new byte[] {(byte) channel.number()});
      ByteBuf part = Unpooled.wrappedBuffer(all, at, Math.min(CHUNK, all.length - at));
      connection.write(List.of(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(head, part))));
    }
  }

  @Override
  public void pulse() {
    connection.write(List.of(new PingWebSocketFrame()));
  }

  @Override
  public void close() {
    connection.write(List.of(new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE)));
    connection.over();
  }
}
