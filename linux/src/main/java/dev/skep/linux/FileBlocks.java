package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Where on its disk a file's content is. */
public final class FileBlocks {
  /** {@code EXT4_IOC_MOVE_EXT} of {@code linux/fs/ext4/ext4.h}. */
  private static final long MOVE_EXT = 0xC028660FL;

  private static final int ARGUMENT_BYTES = 40;
  private static final int O_RDWR = 2;

  /** For each run: somebody may be reading it. */
  private static final int ATTEMPTS = 10;

  /** So many blocks from one on. */
  private record Run(long first, long count) {}

  private FileBlocks() {}

  /**
   * Moves parts of a file side by side on its disk, in their order. What is in the file stays as it
   * is, for those who read it meanwhile too; it goes from the page cache. Only for platform
   * threads.
   *
   * @param ranges holes in them are left out, as is what has come before
   * @param scratch a file to be made beside it, gone before this returns
   * @return bytes that were moved: 0 where the file system cannot, less than asked for where parts
   *     are in use
   * @throws SkepException INTERNAL where the disk fails
   */
  public static long gather(Path file, List<ByteRange> ranges, Path scratch) {
    try {
      FileStore store = Files.getFileStore(file);
      if (!store.type().equals("ext4")) {
        return 0;
      }
      long block = store.getBlockSize();
      List<Run> runs = runs(file, ranges, block);
      long blocks = runs.stream().mapToLong(Run::count).sum();
      return blocks == 0 ? 0 : block * swap(file, runs, donor(scratch, blocks * block));
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, file + ": cannot be laid out anew: " + e, e);
    }
  }

  private static List<Run> runs(Path file, List<ByteRange> ranges, long block) throws IOException {
    var wanted = new BitSet();
    DataExtents.visit(
        file,
        (offset, bytes) ->
            wanted.set((int) (offset / block), (int) ((offset + bytes + block - 1) / block)));
    var runs = new ArrayList<Run>();
    for (ByteRange range : ranges) {
      int end = (int) ((range.end() + block - 1) / block);
      int at = wanted.nextSetBit((int) (range.offset() / block));
      while (at >= 0 && at < end) {
        int stop = Math.min(wanted.nextClearBit(at), end);
        runs.add(new Run(at, stop - at));
        wanted.clear(at, stop);
        at = wanted.nextSetBit(stop);
      }
    }
    return runs;
  }

  /** A file without a name, of blocks that are side by side as far as the disk has such. */
  private static Descriptor donor(Path scratch, long bytes) throws IOException {
    try {
      Files.deleteIfExists(scratch); // of somebody who was killed
      try (var out =
          FileChannel.open(scratch, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        var zeros = ByteBuffer.allocateDirect(1 << 20);
        for (long left = bytes; left > 0; left -= zeros.limit()) {
          zeros.clear().limit((int) Math.min(zeros.capacity(), left));
          while (zeros.hasRemaining()) {
            out.write(zeros);
          }
        }
        out.force(true);
      }
      return open(scratch);
    } finally {
      Files.deleteIfExists(scratch);
    }
  }

  private static Descriptor open(Path file) {
    return new Descriptor(Errno.orThrow("open " + file, SystemCalls.open(file.toString(), O_RDWR)));
  }

  /** The number of blocks that have changed places with the donor's, their content copied over. */
  private static long swap(Path file, List<Run> runs, Descriptor donor) {
    try (donor;
        Descriptor own = open(file);
        Arena arena = Arena.ofConfined()) {
      MemorySegment argument = arena.allocate(ARGUMENT_BYTES, Long.BYTES);
      drop(own);
      drop(donor);
      long place = 0;
      long moved = 0;
      for (Run run : runs) {
        long done = move(own, donor, argument, run, place);
        if (done < 0) {
          break;
        }
        moved += done;
        place += run.count();
      }
      Errno.orThrow("fsync " + file, SystemCalls.fsync(own.number()));
      return moved;
    }
  }

  /** The number of blocks, or {@code -errno} where none of the others will do better. */
  private static long move(
      Descriptor own, Descriptor donor, MemorySegment argument, Run run, long place) {
    long done = 0;
    int attempts = 0;
    while (done < run.count()) {
      argument.set(JAVA_INT, 0, 0);
      argument.set(JAVA_INT, 4, donor.number());
      argument.set(JAVA_LONG, 8, run.first() + done);
      argument.set(JAVA_LONG, 16, place + done);
      argument.set(JAVA_LONG, 24, run.count() - done);
      argument.set(JAVA_LONG, 32, 0);
      int result = SystemCalls.ioctl(own.number(), MOVE_EXT, argument);
      long more = argument.get(JAVA_LONG, 32);
      done += more;
      if (result == -SystemCalls.EBUSY && ++attempts < ATTEMPTS) {
        drop(own);
        drop(donor);
      } else if (result < 0) {
        return done > 0 || result == -SystemCalls.EBUSY ? done : result;
      } else if (more == 0) {
        return done;
      }
    }
    return done;
  }

  /** From the page cache: what is there cannot be moved. */
  private static void drop(Descriptor descriptor) {
    var _ = SystemCalls.fsync(descriptor.number());
    var _ = SystemCalls.fadvise(descriptor.number(), 0, 0, SystemCalls.FADV_DONTNEED);
  }
}
