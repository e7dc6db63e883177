package dev.skep.store;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/**
 * All objects of a state folder in one file, and the way back. The file is a store by itself, with
 * its journal; it holds the Secrets' values, and is its owner's alone.
 */
public final class StoreBackup {
  private static final FileAttribute<?> OWNERS_ALONE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

  private StoreBackup() {}

  /**
   * Writes what is stored at this moment, also while a daemon goes on changing it.
   *
   * @return the number of objects
   * @throws SkepException NOT_FOUND where nothing is stored, ALREADY_EXISTS where the file is there
   */
  public static long write(Path folder, Path file) {
    Path store = folder.resolve(SqliteStore.FILE);
    if (!Files.exists(store)) {
      throw new SkepException(
          Code.NOT_FOUND, store + ": not there (expected: the state folder of a daemon)");
    }
    if (Files.exists(file)) {
      throw new SkepException(Code.ALREADY_EXISTS, file + ": is there already");
    }
    Path draft = beside(file, ".new");
    try {
      Files.deleteIfExists(draft);
      Files.createFile(draft, OWNERS_ALONE);
      NativeLibrary.prepare(folder);
      long objects;
      try (Database database = Database.open(store, 0)) {
        database.copyTo(draft);
        objects = database.size();
      }
      sync(draft);
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
      return objects;
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, file + ": cannot be written: " + e, e);
    } finally {
      deleteQuietly(draft);
    }
  }

  /**
   * What was restored.
   *
   * @param replaced what was stored until now; empty where nothing was
   */
  public record Restored(long objects, Optional<Path> replaced) {}

  /**
   * Puts a backup in the place of what is stored, which stays beside it under another name.
   *
   * @throws SkepException CONFLICT while a daemon has the folder; INVALID if the file is no whole
   *     backup, UNSUPPORTED if a newer Skep wrote it: nothing is changed then
   */
  public static Restored restore(Path file, Path folder, Instant now) {
    if (!Files.isRegularFile(file)) {
      throw new SkepException(Code.NOT_FOUND, file + ": no such file");
    }
    Path store = folder.resolve(SqliteStore.FILE);
    Path draft = beside(store, ".restored");
    try (var _ = StateLock.acquire(folder)) {
      NativeLibrary.prepare(folder);
      Files.deleteIfExists(draft);
      Files.copy(file, Files.createFile(draft, OWNERS_ALONE), StandardCopyOption.REPLACE_EXISTING);
      Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-------"));
      long objects = check(file, draft);
      sync(draft);
      Optional<Path> replaced = setAside(store, "." + TIME.format(now));
      Files.move(draft, store, StandardCopyOption.ATOMIC_MOVE);
      sync(folder);
      return new Restored(objects, replaced);
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, store + ": cannot be restored: " + e, e);
    } finally {
      deleteQuietly(draft);
      deleteQuietly(beside(draft, "-wal"));
      deleteQuietly(beside(draft, "-shm"));
    }
  }

  private static long check(Path file, Path draft) {
    try (Database database = Database.openExisting(draft)) {
      return database.size();
    } catch (SkepException e) {
      Code code = e.code() == Code.UNSUPPORTED ? Code.UNSUPPORTED : Code.INVALID;
      String why = String.valueOf(e.getMessage()).replace(draft.toString(), file.toString());
      throw new SkepException(code, "not restored: " + why, e);
    }
  }

  /** Its log first: that must never meet another store. */
  private static Optional<Path> setAside(Path store, String suffix) throws IOException {
    if (!Files.exists(store)) {
      return Optional.empty();
    }
    Path aside = beside(store, suffix);
    Path log = beside(store, "-wal");
    if (Files.exists(log)) {
      Files.move(log, beside(aside, "-wal"));
    }
    Files.deleteIfExists(beside(store, "-shm"));
    Files.createLink(aside, store);
    return Optional.of(aside);
  }

  private static Path beside(Path file, String suffix) {
    return file.resolveSibling(file.getFileName() + suffix);
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // a draft that stays is overwritten by the next
    }
  }
}
