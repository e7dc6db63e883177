package dev.skep.snapshot.pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.DataExtents;
import dev.skep.linux.Userfaultfd;
import dev.skep.snapshot.ChunkSource;
import dev.skep.snapshot.Chunks;
import dev.skep.snapshot.RecordedPages;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.WorkingSet;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guests that run while their memory is on its way. */
@Tag("integration")
class RemoteMemoryTest {
  private static final int PAGE = WorkingSet.PAGE_BYTES;
  private static final int CHUNKS = 16;
  private static final int ZEROS = 3; // a chunk that nobody stores
  private static final int BYTES = CHUNKS * Chunks.BYTES - 5 * PAGE; // the last one is short

  @TempDir Path folder;

  private final FakeSource source = new FakeSource();
  private PagerServer server;
  private PagerClient pager;
  private byte[] content;

  /** Has all chunks; may be closed, or give something else. */
  private static final class FakeSource implements ChunkSource {
    final Map<String, byte[]> chunks = new ConcurrentHashMap<>();
    final List<String> asked = new CopyOnWriteArrayList<>();
    final List<String> fetched = new CopyOnWriteArrayList<>();
    volatile CountDownLatch open = new CountDownLatch(0);
    volatile boolean away;
    volatile String altered = "";

    @Override
    public void fetch(String name, ByteBuffer into) {
      asked.add(name);
      try {
        open.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      if (away) {
        throw new SkepException(Code.UNAVAILABLE, "the store is away");
      }
      if (name.equals(altered)) {
        throw new SkepException(Code.INVALID, "chunks/" + name + ": found 00 (expected: 11)");
      }
      fetched.add(name);
      into.put(chunks.get(name));
    }

    @Override
    public void close() {}
  }

  @BeforeEach
  void open() throws Exception {
    Assumptions.assumeTrue(Userfaultfd.usable(), "this process may have no userfaultfd");
    content = new byte[BYTES];
    new Random(1).nextBytes(content);
    Arrays.fill(content, ZEROS * Chunks.BYTES, (ZEROS + 1) * Chunks.BYTES, (byte) 0);
    store();
    server = PagerServer.open(folder.resolve("pager"), new Pager(2, _ -> source));
    PagerServer accepting = server;
    Thread.ofPlatform().daemon().start(() -> run(accepting));
    pager = PagerClient.connect(folder.resolve("pager"));
  }

  private void store() throws Exception {
    var index = ByteBuffer.allocate(CHUNKS * Chunks.DIGEST_BYTES);
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
      int from = chunk * Chunks.BYTES;
      byte[] bytes = Arrays.copyOfRange(content, from, from + Chunks.length(BYTES, chunk));
      String name = Chunks.name(ByteBuffer.wrap(bytes));
      source.chunks.put(name, bytes);
      index.put(chunk == ZEROS ? new byte[Chunks.DIGEST_BYTES] : HexFormat.of().parseHex(name));
    }
    Files.write(absentFile(), index.array());
    try (var memory = new RandomAccessFile(memoryFile().toFile(), "rw")) {
      memory.setLength(BYTES);
    }
  }

  private String name(int chunk) {
    int from = chunk * Chunks.BYTES;
    return Chunks.name(ByteBuffer.wrap(content, from, Chunks.length(BYTES, chunk)));
  }

  @AfterEach
  void close() throws Exception {
    source.open.countDown();
    if (pager != null) {
      pager.list().forEach(guest -> pager.forget(guest.vm()));
      pager.close();
      server.close();
    }
  }

  @Test
  void fetchesWhatAGuestWaitsForAndThenTheRest() throws Exception {
    source.open = new CountDownLatch(1);
    pager.serve(guest("a", false, false));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      var answer = guest.begin("read", Integer.toString(12 * Chunks.BYTES + PAGE), "4096");
      await().until(() -> pager.status("a").state() == PagedStatus.State.SERVING);
      await().until(() -> source.asked.contains(name(12)));
      assertThat(source.asked)
          .containsExactlyInAnyOrder(name(0), name(12)); // one is not waited for
      assertThat(answer).isNotDone();
      assertThat(pager.status("a").absentBytes()).isEqualTo(BYTES - Chunks.BYTES);

      source.open.countDown();

      assertThat(answer.get(20, TimeUnit.SECONDS))
          .isEqualTo(checksum(12 * Chunks.BYTES + PAGE, PAGE));
      assertThat(guest.ask("checksum")).isEqualTo(checksum(0, BYTES));
    }
    await().until(() -> !Files.exists(absentFile()));
    assertThat(memoryFile()).hasBinaryContent(content);
    assertThat(DataExtents.allocatedBytes(memoryFile())).isEqualTo(BYTES - Chunks.BYTES);
    assertThat(source.fetched).hasSize(CHUNKS - 1).doesNotHaveDuplicates();
  }

  @Test
  void installsTheWorkingSetWhileTheStoreIsAway() throws Exception {
    Path full = folder.resolve("full");
    Files.write(full, content);
    int[] pages = IntStream.range(0, 300).map(i -> 299 - i).toArray();
    RecordedPages.write(folder, WorkingSet.of(BYTES - BYTES % PAGE, PAGE, pages), full);
    source.away = true;
    pager.serve(guest("a", true, false));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      assertThat(guest.ask("read", "0", Integer.toString(300 * PAGE)))
          .isEqualTo(checksum(0, 300 * PAGE));
      var rest = guest.begin("checksum");
      await().pollDelay(Duration.ofSeconds(1)).until(() -> !rest.isDone());

      source.away = false; // it comes back

      assertThat(rest.get(20, TimeUnit.SECONDS)).isEqualTo(checksum(0, BYTES));
    }
  }

  @Test
  void recordsWhatIsTouchedWhileItArrives() throws Exception {
    pager.serve(guest("a", false, true));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      guest.ask("touch", "1700,3,390,900");

      assertThat(pager.record("a", folder)).isEqualTo(4);
    }
    var recorded =
        RecordedPages.read(
            folder.resolve(SnapshotFiles.WORKING_SET),
            folder.resolve(SnapshotFiles.WORKING_SET_PAGES));
    assertThat(recorded.set()).isEqualTo(WorkingSet.of(BYTES, PAGE, 1700, 3, 390, 900));
    byte[] first = Arrays.copyOfRange(content, 1700 * PAGE, 1701 * PAGE);
    assertThat(Arrays.copyOf(Files.readAllBytes(recorded.file()), PAGE)).isEqualTo(first);
  }

  @Test
  void endsAGuestThatWaitsForAnAlteredChunkAndNoOther() throws Exception {
    source.altered = name(5);
    pager.serve(guest("a", false, false));
    pager.serve(guest("b", false, false));
    try (Guest a = Guest.start();
        Guest b = Guest.start()) {
      handOver(a, "a");
      handOver(b, "b");

      assertThat(
              a.begin("read", Integer.toString(5 * Chunks.BYTES), "4096").get(20, TimeUnit.SECONDS))
          .isEqualTo("null"); // it was killed before it read anything

      await().until(() -> !a.process().isAlive());
      assertThat(pager.status("a").error().orElseThrow())
          .isEqualTo(
              "chunk 5 of the memory: chunks/%s: found 00 (expected: 11)".formatted(name(5)));
      assertThat(b.ask("read", Integer.toString(9 * Chunks.BYTES), "4096"))
          .isEqualTo(checksum(9 * Chunks.BYTES, PAGE));
      await().until(() -> pager.status("b").absentBytes() == Chunks.BYTES);
    }
    assertThat(absentFile()).exists();
  }

  @Test
  void goesOnWhereItWasWithTheNextGuest() throws Exception {
    source.altered = name(5);
    pager.serve(guest("a", false, false));
    await().until(() -> source.fetched.size() == CHUNKS - 2);
    pager.forget("a");
    source.altered = "";

    pager.serve(guest("b", false, false));

    await().until(() -> !Files.exists(absentFile()));
    assertThat(source.fetched).hasSize(CHUNKS - 1).endsWith(name(5));
    assertThat(memoryFile()).hasBinaryContent(content);
  }

  private void handOver(Guest guest, String vm) throws Exception {
    guest.ask("map", Integer.toString(BYTES));
    guest.ask("connect", folder.resolve(vm).toString());
    guest.ask("send");
  }

  private PagedGuest guest(String vm, boolean restored, boolean record) {
    return new PagedGuest(
        vm,
        folder.resolve(vm),
        0,
        memoryFile(),
        BYTES,
        Optional.of(folder.resolve(SnapshotFiles.WORKING_SET)).filter(path -> restored),
        Optional.of(folder.resolve(SnapshotFiles.WORKING_SET_PAGES)).filter(path -> restored),
        record);
  }

  private Path memoryFile() {
    return folder.resolve(SnapshotFiles.MEMORY);
  }

  private Path absentFile() {
    return folder.resolve(SnapshotFiles.ABSENT);
  }

  private String checksum(int offset, int length) {
    var checksum = new CRC32();
    checksum.update(content, offset, length);
    return Long.toString(checksum.getValue());
  }

  private static void run(PagerServer server) {
    try {
      server.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
