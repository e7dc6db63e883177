package dev.skep.linux;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file that is read into memory outside the heap, with nothing allocated and no lock taken for a
 * read. Any number of threads may read; blocks: only for platform threads.
 */
public final class ReadOnlyFile implements AutoCloseable {
  private final Path path;
  private final Descriptor descriptor;

  private ReadOnlyFile(Path path, Descriptor descriptor) {
    this.path = path;
    this.descriptor = descriptor;
  }

  /** Opens it. */
  public static ReadOnlyFile open(Path path) {
    int number = SystemCalls.open(path.toString(), 0);
    if (number == -SystemCalls.ENOENT) {
      throw new SkepException(Code.NOT_FOUND, path + ": no such file");
    }
    return new ReadOnlyFile(path, new Descriptor(Errno.orThrow("open " + path, number)));
  }

  /**
   * Opens it past the page cache (O_DIRECT): memory, positions and lengths must then be multiples
   * of 4 KiB. Empty where the file system refuses.
   */
  public static Optional<ReadOnlyFile> openDirect(Path path) {
    int number = SystemCalls.open(path.toString(), SystemCalls.O_DIRECT);
    return number == -SystemCalls.EINVAL
        ? Optional.empty()
        : Optional.of(
            new ReadOnlyFile(path, new Descriptor(Errno.orThrow("open " + path, number))));
  }

  /** Its length at present, in bytes. */
  public long size() {
    try {
      return Files.size(Path.of("/proc/self/fd", Integer.toString(descriptor.number())));
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, path + ": " + e.getMessage(), e);
    }
  }

  /**
   * Fills the whole of {@code into} from the position on.
   *
   * @throws SkepException if the file ends before
   */
  public void readFully(MemorySegment into, long position) {
    long wanted = into.byteSize();
    long done = read(into, wanted, position);
    while (done < wanted) {
      long more = read(into.asSlice(done), wanted - done, position + done);
      if (more == 0) {
        throw new SkepException(Code.INTERNAL, path + ": ends before byte " + (position + wanted));
      }
      done += more;
    }
  }

  private long read(MemorySegment into, long bytes, long position) {
    while (true) {
      long read = SystemCalls.pread(descriptor.number(), into, bytes, position);
      if (read >= 0) {
        return read;
      }
      if (read != -Libc.EINTR) {
        throw new SkepException(
            Code.INTERNAL, path + ": cannot be read: " + Errno.describe((int) -read));
      }
    }
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
