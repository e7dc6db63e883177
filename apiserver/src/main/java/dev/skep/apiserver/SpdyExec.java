package dev.skep.apiserver;

import io.netty.handler.codec.spdy.SpdyHeaders;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** {@code exec} over SPDY: each channel is a stream that the client opens. */
final class SpdyExec implements SpdyStreams.Handler, ExecSession.Client {
  private final SpdyStreams streams;
  private final ExecSession.Order order;
  private final ExecSession session;
  private final Map<ExecChannel, Integer> open = new ConcurrentHashMap<>();

  SpdyExec(SpdyStreams streams, ExecSession.Order order, Executor executor) {
    this.streams = streams;
    this.order = order;
    this.session = new ExecSession(order, this, executor);
  }

  @Override
  public boolean opened(int stream, SpdyHeaders headers) {
    String type = String.valueOf(headers.getAsString("streamtype"));
    for (ExecChannel channel : ExecChannel.values()) {
      if (channel.streamType().equals(type) && order.wants(channel)) {
        boolean first = open.putIfAbsent(channel, stream) == null;
        if (first && isComplete()) {
          session.opened();
        }
        return first;
      }
    }
    return false;
  }

  private boolean isComplete() {
    return Arrays.stream(ExecChannel.values()).filter(order::wants).allMatch(open::containsKey);
  }

  @Override
  public void received(int stream, byte[] bytes, boolean last) {
    boolean resize = Objects.equals(open.get(ExecChannel.RESIZE), stream);
    if (resize && bytes.length > 0) {
      session.resize(bytes);
    }
    if (!Objects.equals(open.get(ExecChannel.STDIN), stream)) {
      return; // the ends of those that are for the client to read
    }
    if (bytes.length > 0) {
      session.stdin(bytes);
    }
    if (last) {
      session.stdinEnded();
    }
  }

  @Override
  public void reset(int stream) {}

  @Override
  public void ended() {
    session.ended();
  }

  @Override
  public void send(ExecChannel channel, byte[] bytes, boolean last) {
    streams.send(Objects.requireNonNull(open.get(channel)), bytes, last);
  }

  @Override
  public void pulse() {
    streams.ping();
  }

  @Override
  public void close() {
    streams.over();
  }
}
