package dev.skep.linux;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A named pipe in which another process leaves lines: the kernel keeps 64 KiB of what nobody has
 * read, and no more. To read it waits for nobody.
 */
public final class Fifo {
  private static final int OWNER_ALONE = 0600;
  private static final int BUFFER_BYTES = 64 << 10;

  private Fifo() {}

  /**
   * Makes one, which its owner alone may open.
   *
   * @throws SkepException ALREADY_EXISTS if something is there
   */
  public static void make(Path path) {
    int result = Libc.mkfifo(path.toString(), OWNER_ALONE);
    if (result == -SystemCalls.EEXIST) {
      throw new SkepException(Code.ALREADY_EXISTS, path + ": exists (expected: nothing)");
    }
    Errno.orThrow("mkfifo " + path, result);
  }

  /**
   * Takes out what is in it, which may be nothing. Whatever else the path has become is read from
   * its beginning; a link is not followed.
   *
   * @param mostBytes of what is there, at most so much, rounded up to 64 KiB
   */
  public static String drain(Path path, int mostBytes) {
    int flags = SystemCalls.O_NONBLOCK | SystemCalls.O_NOFOLLOW;
    int number = SystemCalls.open(path.toString(), flags);
    if (number == -SystemCalls.ENOENT) {
      throw new SkepException(Code.NOT_FOUND, path + ": no such file");
    }
    try (var descriptor = new Descriptor(Errno.orThrow("open " + path, number));
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(BUFFER_BYTES);
      var all = new StringBuilder();
      while (all.length() < mostBytes) {
        long read = SystemCalls.read(descriptor.number(), buffer, BUFFER_BYTES);
        if (read == 0 || read == -SystemCalls.EAGAIN) {
          break; // nobody writes any more, or not now
        }
        byte[] bytes =
            buffer.asSlice(0, Errno.orThrow("read " + path, read)).toArray(ValueLayout.JAVA_BYTE);
        all.append(new String(bytes, StandardCharsets.ISO_8859_1)); // no character is cut in two
      }
      return all.toString();
    }
  }
}
