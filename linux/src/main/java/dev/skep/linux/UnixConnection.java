package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A connected unix socket whose messages may carry descriptors. It never blocks. */
public final class UnixConnection implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 << 10;
  private static final int MAX_DESCRIPTORS = 8;
  private static final int MSG_CTRUNC = 8;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;

  /** What came at once: no bytes mean that the other end has closed. The receiver owns both. */
  @SuppressWarnings("ArrayRecordComponent") // handed over, compared by nobody
  public record Received(byte[] bytes, List<Descriptor> descriptors) {
    public Received {
      descriptors = List.copyOf(descriptors);
    }
  }

  private final Descriptor descriptor;

  UnixConnection(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * Connects to who listens at the path.
   *
   * @throws SkepException if nobody does
   */
  public static UnixConnection connect(Path path) {
    var descriptor = new Descriptor(Errno.orThrow("socket", SocketCalls.socket()));
    try (Arena arena = Arena.ofConfined()) {
      Errno.orThrow(
          "socket " + path,
          SocketCalls.connect(descriptor.number(), SocketCalls.address(path, arena)));
      return new UnixConnection(descriptor);
    } catch (SkepException e) {
      descriptor.close();
      throw e;
    }
  }

  /** The process at the other end when it connected. */
  public long peer() {
    return Errno.orThrow("SO_PEERCRED", SocketCalls.peerPid(descriptor.number()));
  }

  /**
   * What has arrived, up to 64 KiB; empty if nothing has.
   *
   * @throws SkepException if more than eight descriptors came, or the other end reset
   */
  public Optional<Received> receive() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(BUFFER_BYTES);
      var message = SocketCalls.Message.over(buffer, MAX_DESCRIPTORS, arena);
      long bytes = SocketCalls.receive(descriptor.number(), message.header(), MSG_CMSG_CLOEXEC);
      if (bytes == -SystemCalls.EAGAIN || bytes == -Libc.EINTR) {
        return Optional.empty();
      }
      Errno.orThrow("recvmsg", bytes);
      List<Descriptor> attached =
          Arrays.stream(message.attached()).mapToObj(Descriptor::new).toList();
      if ((message.flags() & MSG_CTRUNC) != 0) {
        attached.forEach(Descriptor::close);
        throw new SkepException(
            Code.INVALID, "message with more than " + MAX_DESCRIPTORS + " descriptors");
      }
      return Optional.of(new Received(buffer.asSlice(0, bytes).toArray(JAVA_BYTE), attached));
    }
  }

  /**
   * Sends all of it with copies of the descriptors, which stay the caller's.
   *
   * @throws SkepException if the other end is closed, or reads too slowly to take it at once
   */
  public void send(byte[] bytes, Descriptor... descriptors) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocateFrom(JAVA_BYTE, bytes);
      var message = SocketCalls.Message.over(buffer, descriptors.length, arena);
      if (descriptors.length > 0) {
        message.attach(Arrays.stream(descriptors).mapToInt(Descriptor::number).toArray());
      }
      long sent = SocketCalls.send(descriptor.number(), message.header(), MSG_NOSIGNAL);
      if (Errno.orThrow("sendmsg", sent) != bytes.length) {
        throw new SkepException(
            Code.UNAVAILABLE, "sendmsg: took " + sent + " of " + bytes.length + " bytes");
      }
    }
  }

  /** To wait for; stays owned by this. */
  public Descriptor descriptor() {
    return descriptor;
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
