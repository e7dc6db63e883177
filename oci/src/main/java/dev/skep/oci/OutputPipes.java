package dev.skep.oci;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Fifo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A container's standard output and error: two named pipes in its sandbox's folder, which the
 * container's side opens to write and to read. So they live as long as it does, whether a daemon
 * reads them or not: what is written meanwhile waits in them, and a function that has filled its
 * pipe waits too. Nothing is lost by a restart of the daemon.
 */
public final class OutputPipes implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OutputPipes.class);
  private static final int BUFFER = 64 << 10;

  /** Gets each line as it comes, of both streams from two threads. */
  @FunctionalInterface
  public interface Sink {
    /**
     * @param partial whether the line goes on: it is longer than 16 KiB, or nobody reads on
     */
    void line(Instant time, boolean stderr, boolean partial, byte[] line);
  }

  private final Path folder;
  private final List<FileChannel> guards = new ArrayList<>();
  private final List<FileChannel> readers = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  private OutputPipes(Path folder) {
    this.folder = folder;
  }

  /** Makes them, in the folder of a new sandbox. */
  public static OutputPipes make(Path folder) {
    var pipes = new OutputPipes(folder);
    Fifo.make(pipes.stdout());
    Fifo.make(pipes.stderr());
    return pipes;
  }

  /** Those that an earlier daemon made. */
  public static OutputPipes in(Path folder) {
    return new OutputPipes(folder);
  }

  public Path stdout() {
    return folder.resolve("stdout");
  }

  public Path stderr() {
    return folder.resolve("stderr");
  }

  /**
   * Begins to read. Until {@link #letContainerHold} the pipes have no end, so that this may come
   * before the container opens them.
   *
   * @param name of the sandbox, for the threads
   */
  public synchronized OutputPipes follow(String name, Sink sink) {
    try {
      follow(stdout(), name, new Lines(false, sink));
      follow(stderr(), name, new Lines(true, sink));
      return this;
    } catch (IOException e) {
      close();
      throw new SkepException(Code.INTERNAL, "output pipes in " + folder + ": " + e, e);
    }
  }

  /** The container has opened them: from now on their end is its end. */
  public synchronized void letContainerHold() {
    guards.forEach(OutputPipes::close);
    guards.clear();
  }

  /** Waits until all that an ended container has written is read, or until the time is up. */
  public void drain(Duration limit) {
    letContainerHold();
    long deadline = System.nanoTime() + limit.toNanos();
    try {
      for (Thread thread : List.copyOf(threads)) {
        thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops reading; what comes from now on waits for the next reader. */
  @Override
  public synchronized void close() {
    readers.forEach(OutputPipes::close);
    letContainerHold();
    drain(Duration.ofSeconds(1));
  }

  private void follow(Path pipe, String name, Lines lines) throws IOException {
    // opened for both, it waits for nobody, and the reader that follows does not either
    guards.add(FileChannel.open(pipe, StandardOpenOption.READ, StandardOpenOption.WRITE));
    FileChannel reader = FileChannel.open(pipe, StandardOpenOption.READ);
    readers.add(reader);
    // a blocked read would hold a virtual thread's carrier
    threads.add(
        Thread.ofPlatform().name("output-" + name).daemon().start(() -> read(reader, lines)));
  }

  private static void read(FileChannel reader, Lines lines) {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    boolean ended = false;
    try (reader) {
      while (reader.read(buffer.clear()) >= 0) {
        lines.add(buffer.flip());
      }
      ended = true;
    } catch (ClosedChannelException e) {
      // let go of, on purpose
    } catch (IOException e) {
      LOG.warn("output pipe: {}", e.getMessage());
    }
    lines.end(ended);
  }

  private static void close(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.warn("output pipe: {}", e.getMessage());
    }
  }
}
