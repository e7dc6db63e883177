package dev.skep.snapshot;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;

/** A root folder, a clock that moves when told, and small snapshots: 64 KiB of data each. */
final class StoreFixture implements InstantSource {
  static final SnapshotKey KEY = key('a');
  static final SnapshotKey OTHER = key('b');
  static final int DATA_BYTES = 60 << 10;
  static final int STATE_BYTES = 4 << 10;
  static final int MEMORY_BYTES = 1 << 20;
  static final int SNAPSHOT_BYTES = DATA_BYTES + STATE_BYTES;
  static final Manifest.Facts FACTS =
      new Manifest.Facts(
          "default", "hello", "hello-00001", "sha256:image", "qemu 7.2.22", "EPYC", 1234);

  final Path root;
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  StoreFixture(Path folder) {
    this.root = folder.resolve("snapshots");
  }

  static SnapshotKey key(char digit) {
    return new SnapshotKey("sha256:" + String.valueOf(digit).repeat(64));
  }

  @Override
  public Instant instant() {
    return now;
  }

  void advance(Duration by) {
    now = now.plus(by);
  }

  SnapshotStore open() {
    return open(1 << 30);
  }

  SnapshotStore open(long budget) {
    return SnapshotStore.open(root, budget, this);
  }

  /** Publishes one, a second after whatever was before. */
  String publish(SnapshotStore store, SnapshotKey key) {
    advance(Duration.ofSeconds(1));
    Draft draft = store.draft(key);
    fill(draft);
    return draft.publish(FACTS).id();
  }

  static void fill(Draft draft) {
    try (var memory = new RandomAccessFile(draft.file(SnapshotFiles.MEMORY).toFile(), "rw")) {
      memory.setLength(MEMORY_BYTES);
      memory.seek(MEMORY_BYTES / 2);
      memory.write(filled(DATA_BYTES));
      Files.write(draft.file(SnapshotFiles.STATE), filled(STATE_BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] filled(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 7);
    return bytes;
  }

  /** Two pages, as a recording leaves them. */
  void record(String id) throws IOException {
    Files.write(file(id, SnapshotFiles.WORKING_SET), new byte[] {1, 2});
    Files.write(file(id, SnapshotFiles.WORKING_SET_PAGES), filled(2 * WorkingSet.PAGE_BYTES));
  }

  Path file(String id, String name) {
    return root.resolve(id).resolve(name);
  }

  static void truncate(Path file) throws IOException {
    try (var cut = new RandomAccessFile(file.toFile(), "rw")) {
      cut.setLength(cut.length() - 1);
    }
  }
}
