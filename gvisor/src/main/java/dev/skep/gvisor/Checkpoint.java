package dev.skep.gvisor;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.snapshot.SnapshotFiles;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A checkpoint of runsc's as the files of a snapshot. Its pages are the snapshot's memory; its
 * kernel state and the list of pages are one file, the state: the length of the first (8 bytes, big
 * endian), the first, the second.
 */
final class Checkpoint {
  private static final String STATE = "checkpoint.img";
  private static final String PAGES = "pages.img";
  private static final String PAGES_META = "pages_meta.img";

  private Checkpoint() {}

  /** Makes of what runsc wrote into {@code image} a snapshot in {@code folder}, on one disk. */
  static void pack(Path image, Path folder) {
    try {
      Path pages = image.resolve(PAGES);
      if (!Files.exists(pages)) {
        throw new SkepException(
            Code.UNSUPPORTED, "runsc checkpoint: wrote no " + PAGES + " (expected: uncompressed)");
      }
      Files.move(pages, folder.resolve(SnapshotFiles.MEMORY), StandardCopyOption.REPLACE_EXISTING);
      try (var out = new DataOutputStream(Files.newOutputStream(state(folder)))) {
        out.writeLong(Files.size(image.resolve(STATE)));
        Files.copy(image.resolve(STATE), out);
        Files.copy(image.resolve(PAGES_META), out);
      }
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /**
   * Makes of a snapshot what runsc reads, in {@code image}; the snapshot's memory is not copied.
   */
  static void unpack(Path folder, Path image) {
    try (var in = new DataInputStream(Files.newInputStream(state(folder)))) {
      Files.createDirectory(image);
      Files.createSymbolicLink(
          image.resolve(PAGES), folder.resolve(SnapshotFiles.MEMORY).toAbsolutePath());
      copy(in, in.readLong(), image.resolve(STATE));
      Files.copy(in, image.resolve(PAGES_META));
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  private static void copy(InputStream in, long bytes, Path to) throws IOException {
    if (bytes < 0 || bytes > Integer.MAX_VALUE) {
      throw new IOException("state: a part of " + bytes + " bytes (expected: less than 2 GiB)");
    }
    Files.write(to, in.readNBytes((int) bytes));
  }

  private static Path state(Path folder) {
    return folder.resolve(SnapshotFiles.STATE);
  }

  private static SkepException failed(Path folder, IOException e) {
    boolean full = String.valueOf(e.getMessage()).contains("No space left");
    return new SkepException(
        full ? Code.EXHAUSTED : Code.INTERNAL, "snapshot " + folder + ": " + e.getMessage(), e);
  }
}
