package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.sandbox.ByteQueue;
import dev.skep.sandbox.ExecProcess;
import dev.skep.sandbox.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import tools.jackson.databind.node.ObjectNode;

/**
 * One command in a guest. Its streams share the agent's channel with all else, so that each has a
 * window: so many bytes are under way, and more come when those have been read.
 */
final class AgentExec implements ExecProcess {
  /** As in guest/PROTOCOL.md. */
  static final int WINDOW_BYTES = 256 << 10;

  private static final int CHUNK = 16 << 10;

  /** To the agent; fails where the channel is gone. */
  interface Channel {
    void send(ObjectNode message) throws IOException;
  }

  private final long id;
  private final Channel channel;
  private final ByteQueue[] output = {new Output(1).queue, new Output(2).queue};
  private final CompletableFuture<Integer> exit = new CompletableFuture<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int room = WINDOW_BYTES;
  private boolean inputOver;

  AgentExec(long id, Channel channel) {
    this.id = id;
    this.channel = channel;
  }

  /** What is read of one stream, told to the agent now and then. By the thread that reads. */
  private final class Output {
    private final int stream;
    private final ByteQueue queue = new ByteQueue(WINDOW_BYTES, this::taken);
    private int untold;

    Output(int stream) {
      this.stream = stream;
    }

    private void taken(int count) {
      untold += count;
      if (untold >= WINDOW_BYTES / 4) {
        tell(message("execRead").put("stream", stream).put("bytes", untold));
        untold = 0;
      }
    }
  }

  /** More than the window of a stream is what a guest must not send: it is dropped. */
  void output(boolean stderr, byte[] bytes) {
    boolean _ = output[stderr ? 1 : 0].offer(bytes);
  }

  /** The command has read that much. */
  void taken(int bytes, boolean reads) {
    lock.lock();
    try {
      room = Math.min(WINDOW_BYTES, room + Math.max(0, bytes));
      inputOver |= !reads;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void ended(int code) {
    over();
    exit.complete(code);
  }

  /** As a shell would tell it. */
  void refused(AgentStart.Refused refused) {
    output(true, (refused.message() + "\n").getBytes(StandardCharsets.UTF_8));
    ended(refused.cause().exitCode());
  }

  void failed(SkepException why) {
    over();
    exit.completeExceptionally(why);
  }

  private void over() {
    taken(0, false);
    output[0].end();
    output[1].end();
  }

  @Override
  public OutputStream stdin() {
    return new Input();
  }

  @Override
  public InputStream stdout() {
    return output[0].reader();
  }

  @Override
  public InputStream stderr() {
    return output[1].reader();
  }

  @Override
  public void resize(TerminalSize size) {}

  @Override
  public CompletableFuture<Integer> onExit() {
    return exit;
  }

  @Override
  public void close() {
    if (!exit.isDone()) {
      tell(message("execKill"));
    }
    taken(0, false);
    output[0].close();
    output[1].close();
  }

  private ObjectNode message(String type) {
    return AgentMessages.bare(type).put("id", id);
  }

  private void tell(ObjectNode message) {
    try {
      channel.send(message);
    } catch (IOException e) {
      close(); // the channel is gone, and the agent kills what its host had begun
    }
  }

  private final class Input extends OutputStream {
    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      Objects.checkFromIndexSize(from, length, bytes.length);
      for (int at = from; at < from + length; ) {
        int count = reserve(Math.min(CHUNK, from + length - at));
        byte[] part = Arrays.copyOfRange(bytes, at, at + count);
        channel.send(message("execInput").put("data", Base64.getEncoder().encodeToString(part)));
        at += count;
      }
    }

    private int reserve(int wanted) throws IOException {
      lock.lock();
      try {
        while (room == 0 && !inputOver) {
          changed.awaitUninterruptibly();
        }
        if (inputOver) {
          throw new IOException("the command does not read any more");
        }
        int count = Math.min(wanted, room);
        room -= count;
        return count;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      if (!exit.isDone()) {
        tell(message("execInput").put("end", true));
      }
    }
  }
}
