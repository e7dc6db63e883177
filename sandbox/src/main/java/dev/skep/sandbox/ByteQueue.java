package dev.skep.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/**
 * Bytes on their way from one thread to another, a bounded number of them at a time. For one who
 * writes and one who reads; anybody may close it.
 */
public final class ByteQueue {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final IntConsumer taken;
  private final byte[] ring;
  private int first;
  private int size;
  private boolean waitsForRoom;
  private boolean ended;
  private boolean closed;

  public ByteQueue(int capacity) {
    this(capacity, _ -> {});
  }

  /**
   * @param taken told of each number of bytes that was read, by the thread that reads
   */
  public ByteQueue(int capacity, IntConsumer taken) {
    this.ring = new byte[capacity];
    this.taken = taken;
  }

  /** Blocks while there is no room; fails when nobody will read any more. */
  public OutputStream writer() {
    return new Writer();
  }

  /** Blocks while nothing is there. */
  public InputStream reader() {
    return new Reader();
  }

  /** Adds all of them at once; false, and nothing is added, where there is no room for all. */
  public boolean offer(byte[] bytes) {
    lock.lock();
    try {
      if (bytes.length > ring.length - size && !closed) {
        return false;
      }
      add(bytes, 0, bytes.length);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Nothing comes any more: who has read all that is there is at the end. */
  public void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Drops what is there: readers are at the end, and writers fail. */
  public void close() {
    lock.lock();
    try {
      closed = true;
      ended = true;
      size = 0;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether somebody waits for its reader. */
  public boolean isHeldBack() {
    lock.lock();
    try {
      return waitsForRoom;
    } finally {
      lock.unlock();
    }
  }

  private int add(byte[] bytes, int from, int length) {
    if (closed) {
      return length;
    }
    int count = Math.min(length, ring.length - size);
    for (int done = 0; done < count; ) {
      int at = (first + size) % ring.length;
      int part = Math.min(count - done, ring.length - at);
      System.arraycopy(bytes, from + done, ring, at, part);
      size += part;
      done += part;
    }
    changed.signalAll();
    return count;
  }

  private int take(byte[] bytes, int from, int length) {
    int count = Math.min(length, Math.min(size, ring.length - first));
    System.arraycopy(ring, first, bytes, from, count);
    first = (first + count) % ring.length;
    size -= count;
    changed.signalAll();
    return count;
  }

  private void awaitWhile(BooleanSupplier wrong) throws InterruptedIOException {
    try {
      while (wrong.getAsBoolean()) {
        changed.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  private final class Writer extends OutputStream {
    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      Objects.checkFromIndexSize(from, length, bytes.length);
      lock.lock();
      try {
        for (int done = 0; done < length; ) {
          waitsForRoom = size == ring.length;
          awaitWhile(() -> size == ring.length && !ended);
          waitsForRoom = false;
          if (ended) {
            throw new IOException("nobody reads any more");
          }
          done += add(bytes, from + done, length - done);
        }
      } finally {
        waitsForRoom = false;
        lock.unlock();
      }
    }

    @Override
    public void close() {
      end();
    }
  }

  private final class Reader extends InputStream {
    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      Objects.checkFromIndexSize(from, length, bytes.length);
      if (length == 0) {
        return 0;
      }
      int count;
      lock.lock();
      try {
        awaitWhile(() -> size == 0 && !ended);
        if (size == 0) {
          return -1;
        }
        count = take(bytes, from, length);
      } finally {
        lock.unlock();
      }
      taken.accept(count);
      return count;
    }

    @Override
    public int available() {
      lock.lock();
      try {
        return size;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      ByteQueue.this.close();
    }
  }
}
