package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory of this process whose pages another one fills when they are touched: what a VMM makes of a
 * guest's memory before it hands it to a pager. The filling process must not be this one: a thread
 * that waits for a page may hold up all others of its JVM.
 */
public final class LazyMemory implements AutoCloseable {
  private static final long API_VERSION = 0xAA;
  private static final long NEW = 0xAA00;
  private static final long EVENT_REMOVE = 1 << 3;
  private static final long MODE_MISSING = 1;
  private static final int SMALL_PAGE_BYTES = 4096;

  private final Descriptor faults;
  private final long address;
  private final long bytes;

  private LazyMemory(Descriptor faults, long address, long bytes) {
    this.faults = faults;
    this.address = address;
    this.bytes = bytes;
  }

  /**
   * Maps anonymous memory and registers it with a userfaultfd of its own.
   *
   * @param pageBytes 4096 or the size of the host's huge pages, of which enough must be reserved
   */
  public static LazyMemory map(long bytes, int pageBytes) {
    var faults = new Descriptor(Errno.orThrow("userfaultfd", userfaultfd()));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment api = arena.allocate(24, 8);
      api.set(JAVA_LONG, 0, API_VERSION);
      api.set(JAVA_LONG, 8, EVENT_REMOVE);
      Errno.orThrow("UFFDIO_API", SystemCalls.ioctl(faults.number(), Userfaultfd.API, api));
      var memory = new LazyMemory(faults, mapped(bytes, pageBytes), bytes);
      memory.register(faults, arena);
      return memory;
    } catch (RuntimeException e) {
      faults.close();
      throw e;
    }
  }

  /** Maps more memory behind this one's userfaultfd, as a VMM does for a guest with two regions. */
  public LazyMemory another(long bytes, int pageBytes) {
    try (Arena arena = Arena.ofConfined()) {
      var memory = new LazyMemory(faults, mapped(bytes, pageBytes), bytes);
      memory.register(faults, arena);
      return memory;
    }
  }

  public long address() {
    return address;
  }

  public long bytes() {
    return bytes;
  }

  /** The userfaultfd, to be sent to who fills the pages. */
  public Descriptor faults() {
    return faults;
  }

  /** All of it, to be touched where it is filled already: who touches a missing page waits. */
  public MemorySegment filled() {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** A copy of a part of it; waits for pages that are missing. */
  public byte[] read(long offset, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocate(length);
      SystemCalls.copyFrom(address + offset, copy, length);
      return copy.toArray(JAVA_BYTE);
    }
  }

  /** Gives pages back to the kernel, as a balloon does. */
  public void release(long offset, long length) {
    Errno.orThrow(
        "madvise", SystemCalls.madvise(address + offset, length, SystemCalls.MADV_DONTNEED));
  }

  /** Unmaps it and closes the userfaultfd. */
  @Override
  public void close() {
    Errno.orThrow("munmap", SystemCalls.unmap(address, bytes));
    faults.close();
  }

  /** From the device, which its owner alone needs to be, or where there is none by the call. */
  private static int userfaultfd() {
    int device = SystemCalls.open("/dev/userfaultfd", 0);
    if (device < 0) {
      return Libc.userfaultfd();
    }
    try {
      long flags = SystemCalls.O_CLOEXEC | SystemCalls.O_NONBLOCK;
      return SystemCalls.ioctl(device, NEW, MemorySegment.ofAddress(flags));
    } finally {
      Libc.close(device);
    }
  }

  private void register(Descriptor userfaultfd, Arena arena) {
    MemorySegment argument = arena.allocate(32, 8);
    argument.set(JAVA_LONG, 0, address);
    argument.set(JAVA_LONG, 8, bytes);
    argument.set(JAVA_LONG, 16, MODE_MISSING);
    Errno.orThrow(
        "UFFDIO_REGISTER", SystemCalls.ioctl(userfaultfd.number(), Userfaultfd.REGISTER, argument));
  }

  private static long mapped(long bytes, int pageBytes) {
    int flags = pageBytes == SMALL_PAGE_BYTES ? 0 : SystemCalls.MAP_HUGETLB;
    return Errno.orThrow("mmap of " + bytes + " bytes", SystemCalls.mapAnonymous(bytes, flags));
  }
}
