package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.linux.EventFd;
import dev.skep.snapshot.ChunkSource;
import dev.skep.snapshot.SnapshotFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Memory that is still on its way, shared by the guests that are restored from it. Thread-safe. */
final class RemoteMemories {
  private final Function<Path, ChunkSource> sources;
  private final Map<Path, Shared> all = new HashMap<>();

  private static final class Shared {
    final RemoteMemory memory;
    int leases;

    Shared(RemoteMemory memory) {
      this.memory = memory;
    }
  }

  /**
   * @param sources opens that of a snapshot's folder; asked only when there is something to fetch
   */
  RemoteMemories(Function<Path, ChunkSource> sources) {
    this.sources = sources;
  }

  /** A guest's part in it, and what tells that guest's thread that something has arrived. */
  final class Lease implements AutoCloseable {
    private final Path folder;
    private final RemoteMemory memory;
    private final EventFd arrivals = EventFd.open();

    private Lease(Path folder, RemoteMemory memory) {
      this.folder = folder;
      this.memory = memory;
      memory.tell(arrivals);
    }

    RemoteMemory memory() {
      return memory;
    }

    EventFd arrivals() {
      return arrivals;
    }

    @Override
    public void close() {
      memory.forget(arrivals);
      arrivals.close();
      release(folder);
    }
  }

  /** Empty if all of the memory is there. */
  synchronized Optional<Lease> lease(Path memory) {
    Path folder = memory.toAbsolutePath().getParent();
    if (folder == null) {
      return Optional.empty();
    }
    Shared shared = all.get(folder);
    if (shared == null) {
      if (!Files.exists(folder.resolve(SnapshotFiles.ABSENT))) {
        return Optional.empty();
      }
      shared = new Shared(open(folder));
      all.put(folder, shared);
    }
    shared.leases++;
    return Optional.of(new Lease(folder, shared.memory));
  }

  private RemoteMemory open(Path folder) {
    ChunkSource source = sources.apply(folder);
    try {
      return RemoteMemory.open(folder, source);
    } catch (SkepException e) {
      source.close();
      throw e;
    }
  }

  private synchronized void release(Path folder) {
    Shared shared = all.get(folder);
    if (shared != null && --shared.leases == 0) {
      all.remove(folder);
      shared.memory.close();
    }
  }
}
