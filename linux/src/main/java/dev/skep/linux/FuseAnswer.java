package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.skep.api.SkepException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The answer to one request of the kernel. */
final class FuseAnswer implements FuseReply {
  static final int HEADER_BYTES = 16;
  static final int MAX_BYTES = 1 << 20;

  /** One answer at a time is put together by a thread, in memory of its own. */
  private static final ThreadLocal<MemorySegment> BUFFER =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(HEADER_BYTES + MAX_BYTES, 4096));

  private final Descriptor device;
  private final long unique;

  FuseAnswer(Descriptor device, long unique) {
    this.device = device;
    this.unique = unique;
  }

  @Override
  public void data(ReadOnlyFile file, long offset, int bytes) {
    try {
      file.readFully(BUFFER.get().asSlice(HEADER_BYTES, bytes), offset);
    } catch (SkepException e) {
      failed();
      return;
    }
    send(0, bytes);
  }

  @Override
  public void data(byte[] content, int from, int bytes) {
    MemorySegment.copy(content, from, BUFFER.get(), JAVA_BYTE, HEADER_BYTES, bytes);
    send(0, bytes);
  }

  @Override
  public void failed() {
    error(FuseCalls.EIO);
  }

  void error(int errno) {
    send(-errno, 0);
  }

  /** A structure of zeros, to be filled in and sent by the same thread. */
  static MemorySegment body(int bytes) {
    return BUFFER.get().asSlice(HEADER_BYTES, bytes).fill((byte) 0);
  }

  void send(int bodyBytes) {
    send(0, bodyBytes);
  }

  private void send(int error, int bodyBytes) {
    MemorySegment answer = BUFFER.get();
    int length = HEADER_BYTES + bodyBytes;
    answer.set(JAVA_INT, 0, length);
    answer.set(JAVA_INT, 4, error);
    answer.set(JAVA_LONG_UNALIGNED, 8, unique);
    long written = FuseCalls.write(device.number(), answer, length);
    // ENOENT: who asked was interrupted; ENODEV: nothing is mounted any more, which the readers of
    // requests find out.
    if (written < 0 && written != -SystemCalls.ENOENT && written != -FuseCalls.ENODEV) {
      throw new SkepException(
          SkepException.Code.INTERNAL,
          "answer to the kernel's FUSE request: " + Errno.describe((int) -written));
    }
  }
}
