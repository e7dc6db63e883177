package dev.skep.apiserver;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.MessageToMessageCodec;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;

/** The server's end of WebSocket (RFC 6455). */
final class WebSockets {
  private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // section 1.3
  private static final int MAX_MESSAGE_BYTES = 1 << 20;

  private WebSockets() {}

  /** The header {@code Sec-WebSocket-Accept}. */
  static String accept(String key) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-1")
              .digest((key + MAGIC).getBytes(StandardCharsets.US_ASCII));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  /** Makes whole messages of bytes; answers pings itself. */
  static List<ChannelHandler> codecs() {
    var config =
        WebSocketDecoderConfig.newBuilder()
            .expectMaskedFrames(true)
            .maxFramePayloadLength(MAX_MESSAGE_BYTES)
            .closeOnProtocolViolation(false)
            .build();
    return List.of(
        new WebSocket13FrameDecoder(config),
        new WebSocket13FrameEncoder(false),
        new WebSocketFrameAggregator(MAX_MESSAGE_BYTES),
        new Pongs());
  }

  private static final class Pongs extends SimpleChannelInboundHandler<PingWebSocketFrame> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, PingWebSocketFrame ping) {
      var _ = context.writeAndFlush(new PongWebSocketFrame(ping.content().retain()));
    }
  }

  /** Carries another protocol's bytes in binary messages, cut anyhow. */
  static final class Tunnel extends MessageToMessageCodec<WebSocketFrame, ByteBuf> {
    @Override
    protected void encode(ChannelHandlerContext context, ByteBuf bytes, List<Object> out) {
      out.add(new BinaryWebSocketFrame(bytes.retain()));
    }

    @Override
    protected void decode(ChannelHandlerContext context, WebSocketFrame frame, List<Object> out) {
      switch (frame) {
        case BinaryWebSocketFrame binary -> out.add(binary.content().retain());
        case CloseWebSocketFrame close -> {
          var _ = context.writeAndFlush(close.retain());
        }
        default -> {} // a pong
      }
    }
  }
}
