package dev.skep.remote;

import dev.skep.linux.DataExtents;
import dev.skep.snapshot.Chunks;
import dev.skep.snapshot.Lease;
import dev.skep.snapshot.Manifest;
import dev.skep.snapshot.SnapshotFiles;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * One upload of one snapshot. Its manifest goes last: an upload that ends before is never seen, and
 * the next one finds what was sent.
 */
final class Upload {
  private final Bucket bucket;
  private final Location location;
  private final ContentStore objects;
  private final Lease lease;
  private final boolean again;

  /**
   * @param again whether nothing that is there is to be trusted
   */
  Upload(Bucket bucket, Location location, Lease lease, boolean again) {
    this.bucket = bucket;
    this.location = location;
    this.objects = new ContentStore(bucket);
    this.lease = lease;
    this.again = again;
  }

  /** Whether there was anything to send. */
  boolean run() throws IOException {
    Manifest snapshot = lease.manifest();
    Optional<RemoteManifest> before =
        Origin.read(lease.folder())
            .filter(origin -> origin.location().equals(location))
            .map(Origin::manifest);
    if (before.isPresent() && before.get().snapshot().files().equals(snapshot.files())) {
      return false;
    }
    Stored state = before.isPresent() ? before.get().state() : put(List.of(SnapshotFiles.STATE));
    Optional<Stored> set =
        snapshot.workingSet().isEmpty()
            ? Optional.empty()
            : Optional.of(put(List.of(SnapshotFiles.WORKING_SET, SnapshotFiles.WORKING_SET_PAGES)));
    Stored index = before.isPresent() ? before.get().index() : memory();
    var manifest =
        new RemoteManifest(RemoteManifest.SCHEMA, Chunks.BYTES, state, index, set, snapshot);
    bucket.write(manifest.key(), manifest.toBytes());
    new Origin(location, manifest).write(lease.folder());
    return true;
  }

  private Stored put(List<String> names) throws IOException {
    var files = new ArrayList<Path>();
    names.forEach(name -> files.add(lease.file(name)));
    return objects.put(files, lease.folder(), again);
  }

  /** Sends the chunks that are not all zeros, and then their names. */
  private Stored memory() throws IOException {
    Path file = lease.file(SnapshotFiles.MEMORY);
    long bytes = Files.size(file);
    BitSet data = chunksWithData(file);
    var index = ByteBuffer.allocate(Chunks.count(bytes) * Chunks.DIGEST_BYTES);
    var buffer = ByteBuffer.allocate(Chunks.BYTES);
    try (var memory = FileChannel.open(file, StandardOpenOption.READ)) {
      for (int chunk = data.nextSetBit(0); chunk >= 0; chunk = data.nextSetBit(chunk + 1)) {
        buffer.clear().limit(Chunks.length(bytes, chunk));
        readFully(memory, buffer, (long) chunk * Chunks.BYTES);
        if (hasData(buffer.flip())) {
          Stored stored = objects.put(buffer, again);
          index.put(chunk * Chunks.DIGEST_BYTES, HexFormat.of().parseHex(stored.sha256()));
        }
      }
    }
    Path names = Files.createTempFile(lease.folder(), ".index", "");
    try {
      Files.write(names, index.array());
      return objects.put(List.of(names), lease.folder(), again);
    } finally {
      Files.deleteIfExists(names);
    }
  }

  private static BitSet chunksWithData(Path file) throws IOException {
    var chunks = new BitSet();
    DataExtents.visit(
        file,
        (offset, bytes) ->
            chunks.set(
                (int) (offset / Chunks.BYTES),
                (int) ((offset + bytes + Chunks.BYTES - 1) / Chunks.BYTES)));
    return chunks;
  }

  private static void readFully(FileChannel file, ByteBuffer into, long position)
      throws IOException {
    while (into.hasRemaining()) {
      if (file.read(into, position + into.position()) < 0) {
        throw new EOFException("the memory file ends at byte " + position + into.position());
      }
    }
  }

  private static boolean hasData(ByteBuffer chunk) {
    return chunk.mismatch(ByteBuffer.allocate(chunk.remaining())) >= 0;
  }
}
