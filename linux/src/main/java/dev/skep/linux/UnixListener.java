package dev.skep.linux;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/** Waits at a path for processes of one user; what they send may carry descriptors. */
public final class UnixListener implements AutoCloseable {
  private static final int BACKLOG = 8;

  private final Path path;
  private final Descriptor descriptor;

  private UnixListener(Path path, Descriptor descriptor) {
    this.path = path;
    this.descriptor = descriptor;
  }

  /**
   * Listens from its return on. A socket that is at the path is replaced.
   *
   * @param owner user id of the only user, besides root, who may connect
   * @throws SkepException if the path cannot be had
   */
  public static UnixListener bind(Path path, long owner) {
    var descriptor = new Descriptor(Errno.orThrow("socket", SocketCalls.socket()));
    try (Arena arena = Arena.ofConfined()) {
      Files.deleteIfExists(path);
      int number = descriptor.number();
      String bind = "socket " + path;
      Errno.orThrow(bind, SocketCalls.bind(number, SocketCalls.address(path, arena)));
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      Files.setAttribute(path, "unix:uid", (int) owner);
      Errno.orThrow(bind, SocketCalls.listen(number, BACKLOG)); // nobody gets in before
      return new UnixListener(path, descriptor);
    } catch (IOException e) {
      descriptor.close();
      throw new SkepException(Code.INTERNAL, "socket " + path + ": " + e, e);
    } catch (SkepException e) {
      descriptor.close();
      throw e;
    }
  }

  /** Who has connected; empty if nobody waits. */
  public Optional<UnixConnection> accept() {
    int number = SocketCalls.accept(descriptor.number());
    return number == -SystemCalls.EAGAIN
        ? Optional.empty()
        : Optional.of(new UnixConnection(new Descriptor(Errno.orThrow("accept4", number))));
  }

  /** To wait for; stays owned by this. */
  public Descriptor descriptor() {
    return descriptor;
  }

  /** Stops listening and removes the path. */
  @Override
  public void close() {
    descriptor.close();
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, "socket " + path + ": cannot be removed: " + e, e);
    }
  }
}
