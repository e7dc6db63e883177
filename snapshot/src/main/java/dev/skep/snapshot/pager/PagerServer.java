package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pager's control socket: any number of connections, on each of which requests are answered in
 * turn. While it is open, nobody else can serve at that path.
 */
final class PagerServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PagerServer.class);

  private static final long RETRY_MILLIS = 100;

  private final Pager pager;
  private final FileChannel lock;
  private final ServerSocketChannel listener;

  private PagerServer(Pager pager, FileChannel lock, ServerSocketChannel listener) {
    this.pager = pager;
    this.lock = lock;
    this.listener = listener;
  }

  /**
   * Takes the path, and removes what a pager that died has left there.
   *
   * @throws SkepException CONFLICT if another pager has it
   */
  static PagerServer open(Path socket, Pager pager) {
    Path lockFile = socket.resolveSibling(socket.getFileName() + ".lock");
    try {
      FileChannel lock =
          FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        FileLock taken = lock.tryLock();
        if (taken == null) {
          throw new SkepException(Code.CONFLICT, socket + ": another pager serves there");
        }
        return new PagerServer(pager, lock, listen(socket));
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, socket + ": cannot be listened at: " + e, e);
    }
  }

  /** Accepts until it is closed. What may pass must not end it: guests depend on this process. */
  void run() throws InterruptedException {
    while (listener.isOpen()) {
      try {
        SocketChannel connection = listener.accept();
        // a platform thread: answers block on files, in native code
        Thread.ofPlatform().name("control").daemon().start(() -> converse(connection));
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | OutOfMemoryError e) {
        LOG.warn("control connection cannot be taken: {}", e.toString());
        Thread.sleep(RETRY_MILLIS);
      }
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    lock.close();
  }

  /** Under another name until nobody but its owner can connect. */
  private static ServerSocketChannel listen(Path socket) throws IOException {
    Path draft = socket.resolveSibling(socket.getFileName() + ".new");
    Files.deleteIfExists(draft);
    var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listener.bind(UnixDomainSocketAddress.of(draft));
      Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-------"));
      Files.move(
          draft, socket, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return listener;
    } catch (IOException e) {
      listener.close();
      throw e;
    }
  }

  private void converse(SocketChannel connection) {
    try (connection;
        var in = new BufferedReader(Channels.newReader(connection, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        var answer = StandardCharsets.UTF_8.encode(answer(line) + "\n");
        while (answer.hasRemaining()) {
          connection.write(answer);
        }
        if (pager.stopped()) {
          listener.close();
        }
      }
    } catch (IOException e) {
      LOG.debug("control connection: {}", e.getMessage()); // who asked is gone
    }
  }

  private String answer(String line) {
    try {
      return PagerProtocol.ok(pager.answer(PagerProtocol.request(line)));
    } catch (SkepException e) {
      return PagerProtocol.error(e);
    } catch (InterruptedException | RuntimeException | OutOfMemoryError e) {
      LOG.warn("unexpected, for {}", line, e);
      return PagerProtocol.error(new SkepException(Code.INTERNAL, e.toString(), e));
    }
  }
}
