package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Page faults of another process's memory, served by us (userfaultfd(2), ioctl_userfaultfd(2)).
 *
 * <p>Addresses are the other process's; sizes are in bytes, and multiples of its page size. Belongs
 * to one platform thread. Its structures are allocated once: serving a fault allocates nothing.
 */
public final class Userfaultfd implements AutoCloseable {
  /** An answer of {@link #copy} and {@link #zero}: the first page is there already. */
  public static final long PRESENT = -SystemCalls.EEXIST;

  /** An answer: the mapping is being changed; read events and try again. */
  public static final long CHANGING = -SystemCalls.EAGAIN;

  /** An answer: that range is mapped no more. */
  public static final long UNMAPPED = -SystemCalls.ENOENT;

  /** An answer: the process has ended. */
  public static final long GONE = -Libc.ESRCH;

  /** A {@link #read} that returns as many has left some. */
  public static final int MOST_EVENTS = 64;

  /** What {@link #event} tells. Others need no answer. */
  public enum Event {
    FAULT,
    REMOVED,
    OTHER
  }

  static final long API = 0xC018AA3FL;
  static final long REGISTER = 0xC020AA00L;
  private static final long UNREGISTER = 0x8010AA01L;
  private static final long WAKE = 0x8010AA02L;
  private static final long COPY = 0xC028AA03L;
  private static final long ZEROPAGE = 0xC020AA04L;
  private static final long DONT_WAKE = 1;

  private static final int MESSAGE_BYTES = 32;
  private static final int PAGEFAULT = 0x12;
  private static final int REMOVE = 0x15;

  private final Descriptor descriptor;
  private final MemorySegment argument; // of any ioctl: the largest has 40 bytes
  private final MemorySegment messages;

  private Userfaultfd(Descriptor descriptor) {
    Arena arena = Arena.ofAuto();
    this.descriptor = descriptor;
    this.argument = arena.allocate(40, 8);
    this.messages = arena.allocate((long) MESSAGE_BYTES * MOST_EVENTS, 8);
  }

  /** Whether this process may have one for faults that the kernel takes on a guest's behalf. */
  public static boolean usable() {
    int fd = Libc.userfaultfd();
    if (fd >= 0) {
      Libc.close(fd);
    }
    return fd >= 0;
  }

  /**
   * Takes over what another process has sent.
   *
   * @throws SkepException if it is something else; it is closed then
   */
  public static Userfaultfd received(Descriptor descriptor) {
    try {
      Path link = Path.of("/proc/self/fd", Integer.toString(descriptor.number()));
      String kind = Files.readSymbolicLink(link).toString();
      if (!kind.equals("anon_inode:[userfaultfd]")) {
        throw new SkepException(
            Code.INVALID, "received descriptor: is " + kind + ", expected a userfaultfd");
      }
      // poll(2) answers for non-blocking ones only
      Errno.orThrow("fcntl", SystemCalls.setNonBlocking(descriptor.number()));
      return new Userfaultfd(descriptor);
    } catch (IOException e) {
      descriptor.close();
      throw new SkepException(Code.INTERNAL, "received descriptor: " + e.getMessage(), e);
    } catch (SkepException e) {
      descriptor.close();
      throw e;
    }
  }

  /**
   * Fills missing pages and, unless told not to, wakes who waits for them.
   *
   * @param from address in this process; a page that cannot be read there is an error, no signal
   * @return bytes filled, which may be fewer than asked, or one of the answers above
   */
  public long copy(long to, long from, long bytes, boolean wake) {
    argument.set(JAVA_LONG, 0, to);
    argument.set(JAVA_LONG, 8, from);
    argument.set(JAVA_LONG, 16, bytes);
    argument.set(JAVA_LONG, 24, wake ? 0 : DONT_WAKE);
    argument.set(JAVA_LONG, 32, 0L);
    int result = SystemCalls.ioctl(descriptor.number(), COPY, argument);
    return answer("UFFDIO_COPY", result, argument.get(JAVA_LONG, 32));
  }

  /** Fills missing pages with zeros and wakes who waits; answers as {@link #copy}. */
  public long zero(long to, long bytes) {
    argument.set(JAVA_LONG, 0, to);
    argument.set(JAVA_LONG, 8, bytes);
    argument.set(JAVA_LONG, 16, 0L);
    argument.set(JAVA_LONG, 24, 0L);
    int result = SystemCalls.ioctl(descriptor.number(), ZEROPAGE, argument);
    return answer("UFFDIO_ZEROPAGE", result, argument.get(JAVA_LONG, 24));
  }

  /** Lets everybody who waits for a page of the range try again. */
  public void wake(long start, long bytes) {
    range("UFFDIO_WAKE", WAKE, start, bytes);
  }

  /** Gives the range back to the kernel, which fills what is missing with zeros from now on. */
  public void unregister(long start, long bytes) {
    range("UFFDIO_UNREGISTER", UNREGISTER, start, bytes);
  }

  /** Reads what has happened, without waiting; the number of events. */
  public int read() {
    long bytes = SystemCalls.read(descriptor.number(), messages, messages.byteSize());
    if (bytes == -SystemCalls.EAGAIN || bytes == -Libc.EINTR) {
      return 0;
    }
    return (int) (Errno.orThrow("read of a userfaultfd", bytes) / MESSAGE_BYTES);
  }

  /** What happened, of those of the last {@link #read}. */
  public Event event(int index) {
    return switch (messages.get(JAVA_BYTE, (long) MESSAGE_BYTES * index)) {
      case PAGEFAULT -> Event.FAULT;
      case REMOVE -> Event.REMOVED;
      default -> Event.OTHER;
    };
  }

  /** Where a FAULT was. */
  public long address(int index) {
    return messages.get(JAVA_LONG, (long) MESSAGE_BYTES * index + 16);
  }

  /** The first byte of what was REMOVED. */
  public long start(int index) {
    return messages.get(JAVA_LONG, (long) MESSAGE_BYTES * index + 8);
  }

  /** The first byte after what was REMOVED. */
  public long end(int index) {
    return messages.get(JAVA_LONG, (long) MESSAGE_BYTES * index + 16);
  }

  /** To wait for; stays owned by this. */
  public Descriptor descriptor() {
    return descriptor;
  }

  @Override
  public void close() {
    descriptor.close();
  }

  private void range(String call, long request, long start, long bytes) {
    argument.set(JAVA_LONG, 0, start);
    argument.set(JAVA_LONG, 8, bytes);
    int result = SystemCalls.ioctl(descriptor.number(), request, argument);
    if (result != UNMAPPED && result != GONE) {
      Errno.orThrow(call, result);
    }
  }

  private static long answer(String call, int result, long done) {
    if (done > 0) {
      return done; // even if what followed failed: the next call says why
    }
    return result == PRESENT || result == CHANGING || result == UNMAPPED || result == GONE
        ? result
        : Errno.orThrow(call, result);
  }
}
