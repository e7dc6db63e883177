package dev.skep.apiserver;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.CodecException;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that has left HTTP: Netty's codecs make frames of its bytes, without Netty's
 * threads. The connection's own thread reads; any thread may write.
 */
final class UpgradedConnection implements ServerConnection {
  private static final Logger LOG = LoggerFactory.getLogger(UpgradedConnection.class);
  private static final byte[] NOTHING = new byte[0];

  /** What the frames are for. */
  interface Frames {
    /** The client knows that it is connected. */
    void begun();

    /** On the connection's thread; what blocks here is not read on. The frame is the caller's. */
    void received(Object frame);

    /** The client has gone: nothing can be written any more. */
    void ended();
  }

  /** Makes what takes the frames of a connection. */
  interface Protocol {
    Frames begin(UpgradedConnection connection);
  }

  private final ConnectionContext context;
  private final EmbeddedChannel codecs;
  private final Runnable atEnd;
  private final Frames frames;
  private final ReentrantLock writing = new ReentrantLock();

  /** Held for no longer than it takes to code: who reads never waits for a client that does not. */
  private final ReentrantLock coding = new ReentrantLock();

  private volatile @Nullable Thread reader;
  private volatile long overSinceNanos;
  private volatile boolean over;

  /**
   * @param codecs from the one that sees bytes on
   * @param atEnd called once, whatever ends it
   */
  UpgradedConnection(
      ConnectionContext context, List<ChannelHandler> codecs, Protocol protocol, Runnable atEnd) {
    this.context = context;
    this.codecs = new EmbeddedChannel(codecs.toArray(ChannelHandler[]::new));
    this.codecs.config().setAllocator(new UnpooledByteBufAllocator(false)); // leaks nothing
    this.atEnd = atEnd;
    this.frames = protocol.begin(this);
  }

  @Override
  public void handle(Limit limit) {
    reader = Thread.currentThread();
    try {
      frames.begun();
      while (true) {
        context.dataReader().ensureAvailable();
        receive(context.dataReader().readBuffer().readBytes());
      }
    } catch (DataReader.InsufficientDataAvailableException
        | CloseConnectionException
        | UncheckedIOException e) {
      LOG.debug("connection {} has ended", context.socketId(), e);
    } catch (CodecException | IllegalStateException e) {
      LOG.debug("connection {}: not what the protocol allows", context.socketId(), e);
    } finally {
      frames.ended();
      atEnd.run();
    }
  }

  private void receive(byte[] bytes) {
    var found = new ArrayList<Object>();
    boolean answered;
    coding.lock();
    try {
      codecs.writeInbound(Unpooled.wrappedBuffer(bytes));
      for (Object one = codecs.readInbound(); one != null; one = codecs.readInbound()) {
        found.add(one);
      }
      answered = !codecs.outboundMessages().isEmpty();
    } finally {
      coding.unlock();
    }
    if (answered) {
      write(List.of());
    }
    for (Object frame : found) {
      try {
        frames.received(frame);
      } finally {
        ReferenceCountUtil.release(frame);
      }
    }
  }

  /** Blocks as long as the client does not read. Fails unchecked when the client has gone. */
  void write(List<?> outgoing) {
    writing.lock();
    try {
      byte[] bytes = encoded(outgoing);
      if (bytes.length > 0) {
        context.dataWriter().writeNow(BufferData.create(bytes));
      }
    } finally {
      writing.unlock();
    }
  }

  private byte[] encoded(List<?> outgoing) {
    coding.lock();
    try {
      codecs.writeOutbound(outgoing.toArray());
      var all = new ByteArrayOutputStream();
      for (ByteBuf one = codecs.readOutbound(); one != null; one = codecs.readOutbound()) {
        all.writeBytes(ByteBufUtil.getBytes(one));
        one.release();
      }
      return all.size() == 0 ? NOTHING : all.toByteArray();
    } finally {
      coding.unlock();
    }
  }

  /**
   * Nothing more is written: it is for the client to close, so that it gets all that was. The
   * server closes it once it has been idle for long.
   */
  void over() {
    overSinceNanos = System.nanoTime();
    over = true;
  }

  @Override
  public Duration idleTime() {
    return over ? Duration.ofNanos(System.nanoTime() - overSinceNanos) : Duration.ZERO;
  }

  @Override
  public void close(boolean interrupt) {
    Thread thread = reader;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
