package dev.skep.snapshot;

import dev.skep.api.SkepException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Where the absent chunks of a snapshot's memory are. Thread-safe; blocks, but not for ever. */
public interface ChunkSource extends AutoCloseable {
  /**
   * Fills the rest of the buffer with the chunk of that name, whose content was compared with it.
   *
   * @throws SkepException INVALID, with found and expected, if what is there is something else;
   *     NOT_FOUND if it is not there; any other code if it cannot be had now
   */
  void fetch(String name, ByteBuffer into);

  @Override
  void close();

  /** Knows such a place. The pager finds it with {@link java.util.ServiceLoader}, when needed. */
  interface Provider {
    /**
     * Opens the source of a snapshot that was fetched.
     *
     * @param folder of the snapshot, with {@link SnapshotFiles#ORIGIN}
     */
    ChunkSource open(Path folder);
  }
}
