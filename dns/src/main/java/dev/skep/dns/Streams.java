package dev.skep.dns;

import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;

/** DNS over TCP: each message behind its length, in two bytes (RFC 7766). */
final class Streams {
  private static final int LONGEST = 65535;

  private Streams() {}

  static void frame(ChannelPipeline pipeline) {
    pipeline.addLast(
        new LengthFieldBasedFrameDecoder(LONGEST + 2, 0, 2, 0, 2), new LengthFieldPrepender(2));
  }
}
