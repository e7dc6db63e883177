package dev.skep.remote;

import static org.awaitility.Awaitility.await;

import dev.skep.linux.HostCpu;
import dev.skep.snapshot.ChunkSource;
import dev.skep.snapshot.Chunks;
import dev.skep.snapshot.Draft;
import dev.skep.snapshot.Lease;
import dev.skep.snapshot.Manifest;
import dev.skep.snapshot.RecordedPages;
import dev.skep.snapshot.RemoteSnapshots.Found;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.SnapshotKey;
import dev.skep.snapshot.SnapshotStore;
import dev.skep.snapshot.WorkingSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** One machine: a store of its own, and what connects it with the others. */
final class Host implements AutoCloseable {
  static final String IMAGE = "sha256:" + "1".repeat(64);
  static final String VMM = "QEMU 7.2 (tcg)";
  static final int CHUNKS = 6;
  static final int ZEROS = 2; // a chunk without data
  static final int MEMORY = CHUNKS * Chunks.BYTES - 8192;
  private static final int PAGES = 300;

  final SnapshotStore store;
  final S3Snapshots remote;
  final Location location;

  Host(Path folder, String endpoint) {
    this(folder, endpoint, 1L << 30);
  }

  Host(Path folder, String endpoint, long budget) {
    this.location = Location.of("s3://snapshots/of/all", endpoint, "");
    this.store = SnapshotStore.open(folder, budget, Clock.systemUTC());
    this.remote = new S3Snapshots(location, store, Duration.ofMillis(500));
  }

  static SnapshotKey key(char digit) {
    return new SnapshotKey("sha256:" + String.valueOf(digit).repeat(64));
  }

  static Manifest.Facts facts(String cpu) {
    return new Manifest.Facts("default", "hello", "hello-00001", IMAGE, VMM, cpu, 1234);
  }

  /** Takes one whose content is that of the seed, and records a working set. */
  String take(char key, long seed) throws IOException {
    return take(key, seed, HostCpu.model());
  }

  String take(char key, long seed, String cpu) throws IOException {
    try (Draft draft = store.draft(key(key))) {
      var memory = new byte[MEMORY];
      new Random(seed).nextBytes(memory);
      Arrays.fill(memory, ZEROS * Chunks.BYTES, (ZEROS + 1) * Chunks.BYTES, (byte) 0);
      Files.write(draft.file(SnapshotFiles.MEMORY), memory);
      Files.writeString(draft.file(SnapshotFiles.STATE), "state of " + seed);
      draft.publish(facts(cpu));
    }
    return list().getFirst();
  }

  void record(String id) {
    try (Lease lease = store.hold(id)) {
      int[] pages = IntStream.range(0, PAGES).map(i -> PAGES - i).toArray();
      var set = WorkingSet.of(MEMORY, WorkingSet.PAGE_BYTES, pages);
      RecordedPages.write(lease.folder(), set, lease.file(SnapshotFiles.MEMORY));
      store.recorded(id, PAGES, set.bytes());
    }
  }

  List<String> list() {
    return store.list().stream().map(each -> each.manifest().id()).toList();
  }

  /** Uploads, and waits until that is done. */
  void upload(String id) {
    try (Lease lease = store.hold(id);
        var bucket = new Bucket(location)) {
      new Upload(bucket, location, lease, false).run();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** As a start does, which does not wait for long. */
  Found bringNow(char key) {
    return remote.bring(key(key), IMAGE, VMM);
  }

  /** What the look came to, however long it took. */
  Found bring(char key) {
    await().until(() -> !bringNow(key).toString().contains("takes its time"));
    boolean here = store.list().stream().anyMatch(each -> each.manifest().key().equals(key(key)));
    return here ? new Found.Here() : bringNow(key);
  }

  /** What the pager does for a guest. */
  byte[] fetchMemory(String id) throws IOException {
    try (Lease lease = store.hold(id);
        ChunkSource source = new RemoteChunks().open(lease.folder())) {
      byte[] index = Files.readAllBytes(lease.file(SnapshotFiles.ABSENT));
      var memory = ByteBuffer.allocate(MEMORY);
      for (int chunk = 0; chunk < CHUNKS; chunk++) {
        String name = Chunks.name(index, chunk);
        int length = Chunks.length(MEMORY, chunk);
        if (!name.isEmpty()) {
          source.fetch(name, memory.slice(chunk * Chunks.BYTES, length));
        }
      }
      return memory.array();
    }
  }

  byte[] file(String id, String name) throws IOException {
    return Files.readAllBytes(store.describe(id).folder().resolve(name));
  }

  void awaitUploaded(String id) {
    Path origin = store.describe(id).folder().resolve(SnapshotFiles.ORIGIN);
    await().until(() -> Files.exists(origin));
  }

  @Override
  public void close() {
    remote.close();
  }
}
