package dev.skep.workload;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import dev.skep.linux.Mounts;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * ext4 in files, mounted through loop devices, which end with their mounts. A mount is the
 * kernel's: it outlives the daemon. Needs root, e2fsprogs and {@code /dev/loop-control}.
 *
 * <p>Whatever is made or grown is whole or has not happened, wherever it is cut short: it is made
 * in {@code IMAGE.new}, a growth on a copy, which then takes the image's place. (A resize2fs that
 * is killed leaves what e2fsck does not repair; its own undo files are no way out, for version 1.47
 * leaves the resize inode invalid when it writes one.)
 *
 * @param root above all folders: made a mount that is shared, so that a file system which is closed
 *     here is closed for sandboxes too
 */
record LoopDisks(Path root, Failpoint failpoint) implements Disks {
  /** Where a test may interrupt: each is reached when what it says is done. */
  enum Step {
    SPACE_TAKEN,
    FORMATTED,
    COPIED,
    CHECKED,
    RESIZED,
    DONE
  }

  /** Told of each step; what it throws interrupts there. */
  interface Failpoint {
    void at(Step step);
  }

  /** What claims leave of the host's disk: for the daemon's state, images and snapshots. */
  private static final long SPARED = 1L << 30;

  /** A large one may take a while to be checked. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private static final Duration RELEASE = Duration.ofMillis(500);

  LoopDisks(Path root) {
    this(root, _ -> {});
  }

  @Override
  public void make(Path image, long bytes) {
    wholly(
        image,
        unfinished -> {
          spare(bytes);
          extend(unfinished, bytes);
          failpoint.at(Step.SPACE_TAKEN);
          // without "nodiscard" it would give the space back
          run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "nodiscard", unfinished.toString());
          failpoint.at(Step.FORMATTED);
        });
  }

  /** Makes a file beside the image, and then puts it in its place. */
  private void wholly(Path image, Consumer<Path> work) {
    Path unfinished = unfinished(image);
    try {
      Files.deleteIfExists(unfinished); // of a daemon that was killed
      work.accept(unfinished);
      try (FileChannel file = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
        file.force(true);
      }
      Files.move(unfinished, image, StandardCopyOption.ATOMIC_MOVE);
      failpoint.at(Step.DONE);
    } catch (IOException e) {
      throw broken(image, e);
    } catch (SkepException e) {
      boolean full = String.valueOf(e.getMessage()).contains("No space left on device");
      unfinished.toFile().delete();
      throw full ? new SkepException(Code.EXHAUSTED, String.valueOf(e.getMessage()), e) : e;
    }
  }

  private static Path unfinished(Path image) {
    return image.resolveSibling(image.getFileName() + ".new");
  }

  private static void extend(Path file, long bytes) {
    run("fallocate", "-l", Long.toString(bytes), file.toString());
  }

  private static void run(String... argv) {
    Command.of(argv).within(PATIENCE).run();
  }

  @Override
  public long size(Path image) {
    try {
      return Files.size(image);
    } catch (IOException e) {
      throw broken(image, e);
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
      if (isReleased(image)) { // else it is mounted still, and the kernel's
        Files.deleteIfExists(unfinished(image));
        check(image);
      }
      Mounts.disk(image, folder);
      // a database wants an empty folder; fsck makes it anew where it needs it, and may fill it
      folder.resolve("lost+found").toFile().delete();
    } catch (IOException e) {
      throw broken(folder, e);
    }
  }

  /** Replays its journal, and mends what can be mended without a loss. */
  private static void check(Path image, String... more) {
    var argv = new ArrayList<>(List.of("e2fsck", "-p"));
    argv.addAll(List.of(more));
    argv.add(image.toString());
    Command.Result checked =
        new Command(argv, "", PATIENCE)
            .tryRun()
            .orElseThrow(
                () ->
                    new SkepException(
                        Code.UNSUPPORTED, "e2fsck: not installed (expected: e2fsprogs)"));
    if (checked.exitCode() > 1) { // 1: it was mended
      throw new SkepException(
          Code.INTERNAL,
          "volume %s is damaged: %s (expected: one that 'e2fsck -p' can repair; 'e2fsck -f -y' may lose files, so that is for you to decide)"
              .formatted(image, checked.output().strip().replaceAll("\\s+", " ")));
    }
  }

  @Override
  public void close(Path folder) {
    Mounts.detach(folder);
  }

  @Override
  public void grow(Path image, long bytes) {
    if (!isReleased(image)) {
      throw new SkepException(Code.CONFLICT, "volume " + image + ": is still in use");
    }
    wholly(
        image,
        copy -> {
          spare(bytes);
          run("cp", "--reflink=auto", "--sparse=never", image.toString(), copy.toString());
          failpoint.at(Step.COPIED);
          extend(copy, bytes);
          check(copy, "-f");
          failpoint.at(Step.CHECKED);
          run("resize2fs", copy.toString());
          failpoint.at(Step.RESIZED);
        });
  }

  @Override
  public void delete(Path image) {
    try {
      Files.deleteIfExists(image);
      Files.deleteIfExists(unfinished(image));
    } catch (IOException e) {
      throw broken(image, e);
    }
  }

  /** Its loop device is there as long as anybody has it mounted, wherever, and a moment longer. */
  private static boolean isReleased(Path image) {
    long deadline = System.nanoTime() + RELEASE.toNanos();
    while (!Command.of("losetup", "-j", image.toString()).run().isBlank()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.onSpinWait();
    }
    return true;
  }

  private static SkepException broken(Path path, IOException e) {
    return new SkepException(Code.INTERNAL, "volume " + path + ": " + e, e);
  }
}
