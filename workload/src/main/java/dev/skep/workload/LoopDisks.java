package dev.skep.workload;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import dev.skep.linux.Mounts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;

/**
 * ext4 in files, mounted through loop devices, which end with their mounts. A mount is the
 * kernel's: it outlives the daemon. Needs root, {@code mkfs.ext4} and {@code /dev/loop-control}.
 *
 * @param root above all folders: made a mount that is shared, so that a file system which is closed
 *     here is closed for sandboxes too
 */
record LoopDisks(Path root) implements Disks {
  /** What claims leave of the host's disk: for the daemon's state, images and snapshots. */
  private static final long SPARED = 1L << 30;

  /** A large one may take a while to be checked. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private static final Duration RELEASE = Duration.ofMillis(500);
  private static final int SUPERBLOCK = 1024;
  private static final int MAGIC = 0xEF53;

  @Override
  public void make(Path image, long bytes) {
    Path unfinished = image.resolveSibling(image.getFileName() + ".new");
    try {
      Files.deleteIfExists(unfinished); // of a daemon that was killed
      spare(bytes);
      Command.of("fallocate", "-l", Long.toString(bytes), unfinished.toString()).run();
      // without "nodiscard" it would give the space back
      Command.of("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "nodiscard", unfinished.toString())
          .within(PATIENCE)
          .run();
      Files.move(unfinished, image, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw broken(image, e);
    } catch (SkepException e) {
      boolean full = String.valueOf(e.getMessage()).contains("No space left on device");
      throw full ? new SkepException(Code.EXHAUSTED, String.valueOf(e.getMessage()), e) : e;
    } finally {
      unfinished.toFile().delete();
    }
  }

  /** Without the number of free bytes, which is another each time that somebody asks. */
  @Override
  public void spare(long bytes) {
    try {
      if (bytes > Files.getFileStore(root).getUsableSpace() - SPARED) {
        throw new SkepException(
            Code.EXHAUSTED,
            "%d MiB are more than the disk of %s has to spare (expected: %d MiB free besides)"
                .formatted(bytes >> 20, root, SPARED >> 20));
      }
    } catch (IOException e) {
      throw broken(root, e);
    }
  }

  /** A mount is another device than the folder that it is in. */
  @Override
  public boolean isOpen(Path folder) {
    return !device(folder).equals(device(folder.resolveSibling("")));
  }

  private static Object device(Path folder) {
    try {
      return Files.getAttribute(folder, "unix:dev", LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      throw broken(folder, e);
    }
  }

  @Override
  public void open(Path image, Path folder) {
    try {
      Mounts.share(root);
      fill(image);
      Mounts.disk(image, folder);
      // a database wants an empty folder; fsck makes it anew where it needs it
      Files.deleteIfExists(folder.resolve("lost+found"));
    } catch (IOException e) {
      throw broken(folder, e);
    }
  }

  /** Makes the file system as large as its file, which a daemon that was killed may have left. */
  private static void fill(Path image) throws IOException {
    if (Files.size(image) > size(image)) {
      String file = image.toString();
      Command.Result checked =
          Command.of("e2fsck", "-f", "-p", file).within(PATIENCE).tryRun().orElseThrow();
      if (checked.exitCode() > 1) { // 1: it was mended
        throw new SkepException(
            Code.INTERNAL, "volume " + file + ": damaged: " + checked.output().strip());
      }
      Command.of("resize2fs", file).within(PATIENCE).run();
    }
  }

  /** Of the file system, rounded up to a block, as its superblock says. */
  private static long size(Path image) throws IOException {
    var block = ByteBuffer.allocate(SUPERBLOCK).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel in = FileChannel.open(image)) {
      while (block.hasRemaining() && in.read(block, SUPERBLOCK + block.position()) > 0) {}
    }
    if (block.hasRemaining() || (block.getShort(0x38) & 0xffff) != MAGIC) {
      throw new SkepException(Code.INTERNAL, "volume " + image + ": has no ext4 file system");
    }
    long blocks = Integer.toUnsignedLong(block.getInt(4));
    return (blocks + 1) << (10 + block.getInt(0x18));
  }

  @Override
  public void close(Path folder) {
    Mounts.detach(folder);
  }

  @Override
  public void grow(Path image, long bytes) {
    awaitRelease(image);
    Command.of("fallocate", "-l", Long.toString(bytes), image.toString()).run();
  }

  /** Its loop device is there as long as anybody has it mounted, wherever. */
  private static void awaitRelease(Path image) {
    long deadline = System.nanoTime() + RELEASE.toNanos();
    while (!Command.of("losetup", "-j", image.toString()).run().isBlank()) {
      if (System.nanoTime() > deadline) {
        throw new SkepException(Code.CONFLICT, "volume " + image + ": is still in use");
      }
      Thread.onSpinWait();
    }
  }

  private static SkepException broken(Path path, IOException e) {
    return new SkepException(Code.INTERNAL, "volume " + path + ": " + e, e);
  }
}
