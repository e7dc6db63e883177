package dev.skep.snapshot;

import static dev.skep.snapshot.StoreFixture.KEY;
import static dev.skep.snapshot.StoreFixture.OTHER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How snapshots are found, kept, counted and given up. */
class SnapshotStoreTest {
  @TempDir Path folder;
  private StoreFixture fixture;
  private SnapshotStore store;

  @BeforeEach
  void open() {
    fixture = new StoreFixture(folder);
    store = fixture.open();
  }

  private static List<String> ids(SnapshotStore store) {
    return store.list().stream().map(snapshot -> snapshot.manifest().id()).toList();
  }

  private Optional<String> find(SnapshotKey key) {
    Optional<Lease> found = store.find(key);
    found.ifPresent(Lease::close);
    return found.map(lease -> lease.manifest().id());
  }

  private static void assertFails(Code code, Runnable work, String... message) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(SkepException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContainingAll(message);
  }

  @Test
  void findsWhatWasPublishedForTheKeyOnly() {
    String id = fixture.publish(store, KEY);
    assertThat(id).isEqualTo("aaaaaaaaaaaa-1");
    try (Lease lease = store.find(KEY).orElseThrow()) {
      assertThat(lease.manifest().id()).isEqualTo(id);
      assertThat(lease.manifest().facts()).isEqualTo(StoreFixture.FACTS);
      assertThat(lease.manifest().memoryBytes()).isEqualTo(StoreFixture.MEMORY_BYTES);
      assertThat(lease.manifest().allocatedBytes()).isEqualTo(StoreFixture.SNAPSHOT_BYTES);
      assertThat(lease.file(SnapshotFiles.MEMORY)).hasSize(StoreFixture.MEMORY_BYTES);
    }
    assertThat(find(OTHER)).isEmpty();
  }

  @Test
  void keepsItsFolderFromOthers() throws IOException {
    assertThat(Files.getPosixFilePermissions(fixture.root))
        .allMatch(permission -> permission.name().startsWith("OWNER"));
  }

  @Test
  void findsNoDraftAndNothingOfOneThatWasDiscarded() {
    try (Draft draft = store.draft(KEY)) {
      StoreFixture.fill(draft);
      assertThat(find(KEY)).isEmpty();
      assertThat(store.list()).isEmpty();
    }
    assertThat(find(KEY)).isEmpty();
    assertThat(fixture.root).isEmptyDirectory();
  }

  @Test
  void makesOneSnapshotOfAKeyAtATime() {
    Draft first = store.draft(KEY);
    assertFails(Code.CONFLICT, () -> store.draft(KEY), KEY.toString(), first.id(), "one at a time");
    store.draft(OTHER).discard();
    first.discard();
    first.discard();
    fixture.publish(store, KEY);
    fixture.publish(store, KEY);
    assertThat(ids(store)).containsExactly("aaaaaaaaaaaa-2", "aaaaaaaaaaaa-1");
  }

  @Test
  void findsTheNewestOfAKeyEvenIfTheClockWentBack() {
    fixture.publish(store, KEY);
    fixture.advance(Duration.ofDays(-1));
    for (int i = 2; i <= 10; i++) {
      fixture.publish(store, KEY);
    }
    assertThat(find(KEY)).contains("aaaaaaaaaaaa-10");
  }

  @Test
  void refusesToPublishTwice() {
    Draft draft = store.draft(KEY);
    StoreFixture.fill(draft);
    draft.publish(StoreFixture.FACTS);
    draft.close();
    assertThat(find(KEY)).isPresent();
    assertThatThrownBy(() -> draft.publish(StoreFixture.FACTS))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void namesTheFileThatADraftLacks() throws IOException {
    Draft draft = store.draft(KEY);
    StoreFixture.fill(draft);
    Files.delete(draft.file(SnapshotFiles.STATE));
    assertFails(
        Code.INTERNAL,
        () -> draft.publish(StoreFixture.FACTS),
        "NoSuchFile",
        draft.file(SnapshotFiles.STATE).toString());
    assertThat(fixture.root).isEmptyDirectory();
  }

  @Test
  void survivesARestartWithItsLastUses() throws IOException {
    String first = fixture.publish(store, KEY);
    String second = fixture.publish(store, OTHER);
    fixture.advance(Duration.ofMinutes(1));
    find(KEY);
    Instant used = fixture.instant();
    fixture.record(first);
    Manifest recorded = store.recorded(first, 2, 2 * WorkingSet.PAGE_BYTES);
    fixture.advance(Duration.ofMinutes(1));

    store = fixture.open();
    assertThat(ids(store)).containsExactly(first, second);
    assertThat(store.describe(first).lastUsedAt()).isEqualTo(used);
    assertThat(store.describe(first).manifest()).isEqualTo(recorded);
    assertThat(store.describe(first).state()).isEqualTo(SnapshotState.RECORDED);
    assertThat(store.describe(second).lastUsedAt()).isEqualTo(used.minus(Duration.ofMinutes(1)));
    assertThat(find(KEY)).contains(first);
  }

  @Test
  void removesWhatIsNoSnapshotWhenItOpens() throws IOException {
    String good = fixture.publish(store, KEY);
    String newer = fixture.publish(store, OTHER);
    Path manifest = fixture.file(newer, SnapshotFiles.MANIFEST);
    Files.writeString(
        manifest, Files.readString(manifest).replace("\"schema\" : 1,", "\"schema\" : 2,"));
    Files.createDirectories(fixture.root.resolve("cccccccccccc-1/deep"));
    Files.writeString(fixture.root.resolve("file"), "x");
    Path copy = Files.createDirectory(fixture.root.resolve("copied"));
    Files.copy(fixture.file(good, SnapshotFiles.MANIFEST), copy.resolve(SnapshotFiles.MANIFEST));

    store = fixture.open();
    assertThat(ids(store)).containsExactly(good);
    try (var left = Files.list(fixture.root)) {
      assertThat(left).containsExactly(fixture.root.resolve(good));
    }
  }

  @Test
  void recordsAWorkingSet() throws IOException {
    String id = fixture.publish(store, KEY);
    assertThat(store.describe(id).state()).isEqualTo(SnapshotState.READY);
    fixture.record(id);
    Manifest.RecordedSet set = store.recorded(id, 2, 8192).workingSet().orElseThrow();
    assertThat(set.pages()).isEqualTo(2);
    assertThat(set.bytes()).isEqualTo(8192);
    assertThat(store.describe(id).state()).isEqualTo(SnapshotState.RECORDED);
    assertThat(store.describe(id).manifest().allocatedBytes())
        .isEqualTo(StoreFixture.SNAPSHOT_BYTES + 2 + 8192);
    assertFails(Code.CONFLICT, () -> store.recorded(id, 2, 8192), id, "recorded (expected: ready)");
  }

  @Test
  void refusesAWorkingSetThatIsNotThereOrNotWhole() throws IOException {
    String id = fixture.publish(store, KEY);
    assertFails(Code.INVALID, () -> store.recorded(id, 2, 8192), id, "no file 'working-set'");
    fixture.record(id);
    assertFails(
        Code.INVALID,
        () -> store.recorded(id, 3, 12288),
        "working-set.pages has 8192 bytes (expected: 12288, its 3 pages)");
    Files.delete(fixture.file(id, SnapshotFiles.WORKING_SET_PAGES));
    assertFails(Code.INVALID, () -> store.recorded(id, 2, 8192), "no file 'working-set.pages'");
    assertFails(Code.NOT_FOUND, () -> store.recorded("x", 2, 8192), "skep snapshot ls");
    assertThat(store.describe(id).state()).isEqualTo(SnapshotState.READY);
    assertThat(store.describe(id).leases()).isZero();
  }

  @Test
  void letsOneLeaseRecordAtATime() throws IOException {
    String id = fixture.publish(store, KEY);
    Lease first = store.find(KEY).orElseThrow();
    Lease second = store.find(KEY).orElseThrow();
    assertThat(first.claimRecording()).isTrue();
    assertThat(first.claimRecording()).isTrue();
    assertThat(second.claimRecording()).isFalse();
    first.close();
    assertThat(second.claimRecording()).isTrue();
    fixture.record(id);
    store.recorded(id, 2, 8192);
    assertThat(second.claimRecording()).isFalse();
  }

  @Test
  void forgetsAWorkingSetThatNobodyReads() throws IOException {
    String id = fixture.publish(store, KEY);
    fixture.record(id);
    store.recorded(id, 2, 8192);
    try (Lease _ = store.find(KEY).orElseThrow()) {
      assertFails(Code.CONFLICT, () -> store.forgetWorkingSet(id), id, "1 leases");
    }
    store.forgetWorkingSet(id);
    assertThat(store.describe(id).state()).isEqualTo(SnapshotState.READY);
    assertThat(fixture.file(id, SnapshotFiles.WORKING_SET_PAGES)).doesNotExist();
    assertThat(fixture.open().describe(id).state()).isEqualTo(SnapshotState.READY);
  }

  @Test
  void keepsARetiredSnapshotForItsLeasesOnly() {
    String id = fixture.publish(store, KEY);
    Lease first = store.find(KEY).orElseThrow();
    Lease second = store.find(KEY).orElseThrow();
    store.retire(id, "test");
    assertThat(find(KEY)).isEmpty();
    assertThat(store.describe(id).state()).isEqualTo(SnapshotState.RETIRED);
    assertThat(store.describe(id).leases()).isEqualTo(2);
    assertFails(Code.GONE, () -> store.verify(id), id, "retired");
    assertThat(first.claimRecording()).isFalse();
    first.close();
    first.close();
    assertThat(second.file(SnapshotFiles.MEMORY)).exists();
    second.close();
    assertThat(store.list()).isEmpty();
    assertThat(fixture.root).isEmptyDirectory();
    store.retire(id, "again");
  }

  @Test
  void doesNotFindARetiredSnapshotAfterACrash() {
    String id = fixture.publish(store, KEY);
    Lease never = store.find(KEY).orElseThrow();
    store.retire(id, "test");
    assertThat(never.file(SnapshotFiles.MEMORY)).exists();
    assertThat(fixture.open().list()).isEmpty();
    assertThat(fixture.root).isEmptyDirectory();
  }

  @Test
  void givesTheNumberOfASnapshotInUseToNoOther() {
    String id = fixture.publish(store, KEY);
    try (Lease _ = store.find(KEY).orElseThrow()) {
      store.remove(id);
      assertThat(fixture.publish(store, KEY)).isEqualTo("aaaaaaaaaaaa-2");
    }
    assertThat(find(KEY)).contains("aaaaaaaaaaaa-2");
  }

  @Test
  void removesByNameAndSaysWhatIsNotThere() {
    String id = fixture.publish(store, KEY);
    store.remove(id);
    assertThat(fixture.root).isEmptyDirectory();
    assertFails(Code.NOT_FOUND, () -> store.remove(id), id);
    assertFails(Code.NOT_FOUND, () -> store.describe("../x"), "../x");
    assertFails(Code.NOT_FOUND, () -> store.verify("../x"), "../x");
  }

  @Test
  void retiresWhatHasAnotherLengthAndTakesTheOneBefore() throws IOException {
    String old = fixture.publish(store, KEY);
    String cut = fixture.publish(store, KEY);
    String gone = fixture.publish(store, KEY);
    StoreFixture.truncate(fixture.file(cut, SnapshotFiles.MEMORY));
    Files.delete(fixture.file(gone, SnapshotFiles.STATE));
    assertThat(find(KEY)).contains(old);
    assertThat(ids(store)).containsExactly(old);
    Files.delete(fixture.file(old, SnapshotFiles.MANIFEST));
    assertThat(find(KEY)).isEmpty();
    assertThat(fixture.root).isEmptyDirectory();
  }

  @Test
  void forgetsAWorkingSetOfAnotherLength() throws IOException {
    String id = fixture.publish(store, KEY);
    fixture.record(id);
    store.recorded(id, 2, 8192);
    StoreFixture.truncate(fixture.file(id, SnapshotFiles.WORKING_SET_PAGES));
    try (Lease lease = store.find(KEY).orElseThrow()) {
      assertThat(lease.manifest().state()).isEqualTo(SnapshotState.READY);
      assertThat(lease.claimRecording()).isTrue();
    }
    assertThat(fixture.open().describe(id).state()).isEqualTo(SnapshotState.READY);
  }

  @Test
  void namesEachFileThatIsNotWhatItWas() throws IOException {
    String id = fixture.publish(store, KEY);
    fixture.record(id);
    store.recorded(id, 2, 8192);
    assertThat(store.verify(id)).isEmpty();
    Files.write(fixture.file(id, SnapshotFiles.STATE), new byte[StoreFixture.STATE_BYTES]);
    StoreFixture.truncate(fixture.file(id, SnapshotFiles.MEMORY));
    Files.delete(fixture.file(id, SnapshotFiles.WORKING_SET));
    Files.write(fixture.file(id, SnapshotFiles.WORKING_SET_PAGES), new byte[8192]);
    assertThat(store.verify(id))
        .satisfiesExactly(
            memory -> assertThat(memory).isEqualTo("memory: 1048575 bytes (expected: 1048576)"),
            state ->
                assertThat(state)
                    .matches("state: altered, CRC32C 98f94189 \\(expected: [0-9a-f]{8}\\)"),
            set -> assertThat(set).isEqualTo("working-set: missing (expected: 2 bytes)"),
            pages -> assertThat(pages).startsWith("working-set.pages: altered, CRC32C "));
    assertThat(ids(store)).containsExactly(id);
  }

  @Test
  void givesUpTheLeastRecentlyUsedForTheBudget() {
    store = fixture.open(3 * StoreFixture.SNAPSHOT_BYTES);
    String first = fixture.publish(store, KEY);
    String second = fixture.publish(store, OTHER);
    String third = fixture.publish(store, StoreFixture.key('c'));
    fixture.advance(Duration.ofSeconds(1));
    find(KEY);
    String fourth = fixture.publish(store, StoreFixture.key('d'));
    assertThat(ids(store)).containsExactly(fourth, first, third);
    assertThat(fixture.root.resolve(second)).doesNotExist();
  }

  @Test
  void keepsWhatIsLeasedWhateverTheBudget() {
    store = fixture.open(2 * StoreFixture.SNAPSHOT_BYTES);
    String first = fixture.publish(store, KEY);
    Lease lease = store.find(KEY).orElseThrow();
    fixture.publish(store, OTHER);
    String third = fixture.publish(store, StoreFixture.key('c'));
    assertThat(ids(store)).containsExactly(third, first);
    Lease other = store.find(StoreFixture.key('c')).orElseThrow();
    assertFails(
        Code.EXHAUSTED,
        () -> fixture.publish(store, StoreFixture.key('d')),
        "dddddddddddd-1",
        "snapshots.budget");
    lease.close();
    String fifth = fixture.publish(store, StoreFixture.key('d'));
    assertThat(ids(store)).containsExactlyInAnyOrder(third, fifth);
    other.close();
  }

  @Test
  void countsWhatIsRetiredUntilItsFilesAreGone() {
    store = fixture.open(StoreFixture.SNAPSHOT_BYTES);
    String id = fixture.publish(store, KEY);
    Lease lease = store.find(KEY).orElseThrow();
    store.remove(id);
    assertFails(Code.EXHAUSTED, () -> fixture.publish(store, OTHER), "at most 0 MiB");
    lease.close();
    assertThat(fixture.publish(store, OTHER)).isNotEmpty();
  }

  @Test
  void aHundredCyclesOfTakingAndEvictingTakeNothingFromTheClones() throws Exception {
    store = fixture.open(3 * StoreFixture.SNAPSHOT_BYTES);
    var done = new AtomicBoolean();
    var clones = new AtomicInteger();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Void> cloning =
          () -> {
            while (!done.get()) {
              try (Lease lease = store.find(KEY).orElseThrow()) {
                assertThat(lease.folder().resolve(SnapshotFiles.MEMORY))
                    .hasSize(StoreFixture.MEMORY_BYTES);
                clones.incrementAndGet();
              }
            }
            return null;
          };
      fixture.publish(store, KEY);
      Lease longest = store.find(KEY).orElseThrow(); // else it may be the least recently used
      var running = List.of(threads.submit(cloning), threads.submit(cloning));
      for (int cycle = 0; cycle < 100; cycle++) {
        String id = fixture.publish(store, StoreFixture.key("bcdef".charAt(cycle % 5)));
        if (cycle % 3 == 0) {
          store.remove(id);
        }
      }
      done.set(true);
      for (var clone : running) {
        clone.get();
      }
      longest.close();
    }
    assertThat(clones.get()).isPositive();
    assertThat(store.find(KEY)).isPresent();
    try (var folders = Files.list(fixture.root)) {
      assertThat(folders).hasSize(ids(store).size()).hasSizeLessThanOrEqualTo(3);
    }
  }

  @Test
  void removesNothingForASnapshotThatCanNeverFit() {
    store = fixture.open(2 * StoreFixture.SNAPSHOT_BYTES);
    String id = fixture.publish(store, KEY);
    Draft big = store.draft(OTHER);
    StoreFixture.fill(big);
    assertThat(catchPublish(big, StoreFixture.filled(3 * StoreFixture.SNAPSHOT_BYTES)))
        .isEqualTo(Code.EXHAUSTED);
    assertThat(ids(store)).containsExactly(id);
    assertThat(fixture.root.resolve(big.id())).doesNotExist();
  }

  private static Code catchPublish(Draft draft, byte[] state) {
    try {
      Files.write(draft.file(SnapshotFiles.STATE), state);
      draft.publish(StoreFixture.FACTS);
      throw new AssertionError("published");
    } catch (SkepException e) {
      return e.code();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void keepsToASmallerBudgetAfterARestart() {
    fixture.publish(store, KEY);
    String second = fixture.publish(store, OTHER);
    assertThat(ids(fixture.open(StoreFixture.SNAPSHOT_BYTES))).containsExactly(second);
  }

  @Test
  void keepsToTheBudgetOnceASetIsRecorded() throws IOException {
    store = fixture.open(2 * StoreFixture.SNAPSHOT_BYTES);
    fixture.publish(store, KEY);
    String second = fixture.publish(store, OTHER);
    fixture.record(second);
    store.recorded(second, 2, 8192);
    assertThat(ids(store)).containsExactly(second);
  }
}
