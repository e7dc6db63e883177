package dev.skep.snapshot.pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.skep.api.SkepException;
import dev.skep.linux.PageCache;
import dev.skep.linux.Userfaultfd;
import dev.skep.snapshot.RecordedPages;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.WorkingSet;
import dev.skep.snapshot.pager.PagedStatus.State;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A pager in this process, and guests in others. */
@Tag("integration")
class PagerTest {
  private static final int PAGE = WorkingSet.PAGE_BYTES;
  private static final int PAGES = 512;
  private static final int BYTES = PAGES * PAGE;
  private static final int HUGE_PAGE = 2 << 20;
  private static final int HOLE = 100; // pages 100 to 199 of the memory are a hole
  private static final int HOLE_END = 200;

  @TempDir Path folder;

  private PagerServer server;
  private PagerClient pager;
  private byte[] content;

  @BeforeEach
  void open() throws Exception {
    Assumptions.assumeTrue(Userfaultfd.usable(), "this process may have no userfaultfd");
    content = memory();
    server =
        PagerServer.open(
            folder.resolve("pager"),
            new Pager(
                2,
                _ -> {
                  throw new IllegalStateException("all memory is here");
                }));
    PagerServer accepting = server;
    Thread.ofPlatform().daemon().start(() -> run(accepting));
    pager = PagerClient.connect(folder.resolve("pager"));
  }

  @AfterEach
  void close() throws Exception {
    if (pager != null) {
      pager.list().forEach(guest -> pager.forget(guest.vm()));
      pager.close();
      server.close();
    }
  }

  @Test
  void servesWhatIsTouchedAndNotMore() throws Exception {
    long seed = System.nanoTime();
    List<Integer> order = shuffled(seed);
    pager.serve(guest("a"));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      for (int page : order.subList(0, 50)) {
        assertThat(guest.ask("read", Integer.toString(page * PAGE), "4096"))
            .as("page %d, seed %d", page, seed)
            .isEqualTo(checksum(page * PAGE, PAGE));
      }

      PagedStatus status = pager.status("a");
      assertThat(status.state()).isEqualTo(State.SERVING);
      assertThat(status.faults()).isEqualTo(50);
      assertThat(status.meanFaultNanos()).isPositive();
      assertThat(status.pid()).isEqualTo(guest.process().pid());
      assertThat(status.error()).isEmpty();
      assertThat(guest.ask("checksum")).isEqualTo(checksum(0, BYTES));
      assertThat(pager.status("a").faults()).isEqualTo(PAGES);
    }
  }

  @Test
  void notesWhatIsTouchedInItsOrder() throws Exception {
    pager.serve(recording("a"));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      guest.ask("touch", "17,3,4,500,3,150,0");

      assertThat(pager.record("a", folder)).isEqualTo(6);

      guest.ask("touch", "99");
      assertThatThrownBy(() -> pager.record("a", folder))
          .isInstanceOf(SkepException.class)
          .hasMessage("a: what it touches is not noted");
    }
    assertThat(recorded().set()).isEqualTo(WorkingSet.of(BYTES, PAGE, 17, 3, 4, 500, 150, 0));
  }

  @Test
  void installsAWorkingSetBeforeItIsAskedFor() throws Exception {
    RecordedPages.write(folder, set(IntStream.range(0, 400).map(i -> 399 - i)), memoryFile());
    PageCache.evict(folder.resolve(SnapshotFiles.WORKING_SET_PAGES));
    pager.serve(restored("a"));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      await().until(() -> pager.status("a").state() == State.SERVING);

      PagedStatus installed = pager.status("a");
      assertThat(installed.pages()).isEqualTo(400);
      assertThat(installed.installedBytes()).isEqualTo(400 * PAGE);
      assertThat(installed.fetchMicros()).isPositive();
      assertThat(installed.installMicros()).isPositive();
      assertThat(installed.faults()).isZero();
      assertThat(guest.ask("checksum")).isEqualTo(checksum(0, BYTES));
      assertThat(pager.status("a").faults()).isEqualTo(PAGES - 400);
    }
  }

  @Test
  void servesFaultsThatRaceWithAnInstall() throws Exception {
    List<Integer> order = shuffled(3); // runs of one page
    RecordedPages.write(folder, set(order.stream().mapToInt(page -> page)), memoryFile());
    pager.serve(restored("a"));
    try (Guest guest = Guest.start()) {
      guest.ask("map", Integer.toString(BYTES));
      guest.ask("connect", socket("a").toString());
      assertThat(guest.ask("send-and-checksum")).isEqualTo(checksum(0, BYTES));
    }
  }

  @Test
  void wakesWhoWaitedBeforeTheInstall() throws Exception {
    RecordedPages.write(folder, set(IntStream.range(0, 20)), memoryFile());
    pager.serve(restored("a"));
    try (Guest guest = Guest.start()) {
      guest.ask("map", Integer.toString(BYTES));
      guest.ask("connect", socket("a").toString());
      assertThat(guest.ask("wait-and-send", "5")).isEqualTo("ok");
      await().until(() -> pager.status("a").installedBytes() == 20 * PAGE);
      assertThat(pager.status("a").faults()).isZero();
    }
  }

  @Test
  void whatTheGuestGaveBackIsZeros() throws Exception {
    pager.serve(recording("a"));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      guest.ask("touch", "10,11,12");
      guest.ask("release", Integer.toString(11 * PAGE), Integer.toString(3 * PAGE));

      String zeros = checksum(new byte[PAGE], 0, PAGE);
      assertThat(guest.ask("read", Integer.toString(11 * PAGE), "4096")).isEqualTo(zeros);
      assertThat(guest.ask("read", Integer.toString(13 * PAGE), "4096")).isEqualTo(zeros);
      assertThat(guest.ask("read", Integer.toString(10 * PAGE), "4096"))
          .isEqualTo(checksum(10 * PAGE, PAGE));
      assertThat(guest.ask("read", Integer.toString(14 * PAGE), "4096"))
          .isEqualTo(checksum(14 * PAGE, PAGE));
      assertThat(pager.record("a", folder)).isEqualTo(4);
    }
    assertThat(recorded().set()).isEqualTo(WorkingSet.of(BYTES, PAGE, 10, 11, 12, 14));
  }

  @Test
  void servesWhileTheGuestGivesBack() throws Exception {
    pager.serve(guest("a"));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      // pages 0 to 9 are released over and over while the rest is read
      assertThat(guest.ask("churn", Integer.toString(10 * PAGE)))
          .isEqualTo(checksum(10 * PAGE, BYTES - 10 * PAGE));
    }
  }

  @Test
  void servesTwoRegionsOfOneMemory() throws Exception {
    RecordedPages.write(folder, set(IntStream.range(190, 210)), memoryFile());
    pager.serve(restored("a"));
    try (Guest guest = Guest.start()) {
      guest.ask("map", Integer.toString(200 * PAGE));
      guest.ask("map", Integer.toString(312 * PAGE));
      guest.ask("connect", socket("a").toString());
      guest.ask("send");
      assertThat(guest.ask("checksum")).isEqualTo(checksum(0, BYTES));
      assertThat(pager.status("a").installedBytes()).isEqualTo(20 * PAGE);
    }
  }

  @Test
  void servesHugePages() throws Exception {
    int pages = 4;
    Assumptions.assumeTrue(
        freeHugePages() >= pages, "fewer than 4 free huge pages (sysctl vm.nr_hugepages=4)");
    content = new byte[pages * HUGE_PAGE]; // pages 0 and 3 are zeros
    new Random(1).nextBytes(content);
    Arrays.fill(content, 0, HUGE_PAGE, (byte) 0);
    Arrays.fill(content, 3 * HUGE_PAGE, 4 * HUGE_PAGE, (byte) 0);
    Files.write(memoryFile(), content);
    RecordedPages.write(folder, WorkingSet.of(content.length, HUGE_PAGE, 2, 0), memoryFile());
    pager.serve(guest("a", content.length, true, false));
    try (Guest guest = Guest.start()) {
      guest.ask("use-huge-pages");
      guest.ask("map", Integer.toString(content.length));
      guest.ask("connect", socket("a").toString());
      guest.ask("send");
      assertThat(guest.ask("checksum")).isEqualTo(checksum(0, content.length));
      assertThat(pager.status("a").installedBytes() + HUGE_PAGE * pager.status("a").faults())
          .isEqualTo(content.length);

      guest.ask("release", Integer.toString(HUGE_PAGE), Integer.toString(HUGE_PAGE));
      assertThat(guest.ask("read", Integer.toString(HUGE_PAGE), Integer.toString(HUGE_PAGE)))
          .isEqualTo(checksum(new byte[HUGE_PAGE], 0, HUGE_PAGE));
      assertThat(pager.status("a").error()).isEmpty();
    }
  }

  @Test
  void servesWithoutAWorkingSetOfPagesOfAnotherSize() throws Exception {
    RecordedPages.write(folder, WorkingSet.of(BYTES, HUGE_PAGE, 0), memoryFile());
    pager.serve(restored("a"));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      assertThat(guest.ask("checksum")).isEqualTo(checksum(0, BYTES));
      assertThat(pager.status("a").error())
          .hasValue("working set not installed: pages of 2097152 bytes, the VMM's have 4096");
    }
  }

  @Test
  void takesJsonInPartsAndTheFirstOfTwoDescriptors() throws Exception {
    pager.serve(guest("a"));
    pager.serve(guest("b"));
    pager.serve(guest("c"));
    try (Guest guest = Guest.start()) {
      guest.ask("use", "a");
      guest.ask("map", Integer.toString(BYTES));
      guest.ask("connect", socket("a").toString());
      guest.ask("send-half");
      guest.ask("send-rest");
      assertThat(guest.ask("checksum")).isEqualTo(checksum(0, BYTES));

      guest.ask("use", "b");
      guest.ask("map", Integer.toString(BYTES));
      guest.ask("connect", socket("b").toString());
      guest.ask("send-two");
      assertThat(guest.ask("checksum")).isEqualTo(checksum(0, BYTES));

      guest.ask("use", "c");
      guest.ask("map", Integer.toString(BYTES));
      guest.ask("connect", socket("c").toString());
      guest.ask("send-text", "first-without");
      guest.ask("send");
      assertThat(guest.ask("checksum")).isEqualTo(checksum(0, BYTES));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "send-text-with hello:the VMM sent no JSON",
        "send-text-with {\"a\":1}:the VMM sent no list",
        "send-text-with []:expected one region or more",
        "send-text-with [{\"page_size\":4096}]:expected base_host_virt_addr",
        "send-text-with [{\"page_size\":4}]:expected a page_size of 4096 or 2097152 bytes",
        "send-wrong:expected a userfaultfd"
      })
  void endsAVmmThatSendsSomethingElse(String commandAndReason) throws Exception {
    String[] parts = commandAndReason.split(":(?=[a-zA-Z ]+[^:]*$)", 2);
    int open = openFiles();
    pager.serve(guest("a"));
    try (Guest guest = Guest.start()) {
      guest.ask("map", Integer.toString(BYTES));
      guest.ask("connect", socket("a").toString());
      guest.begin(parts[0]);

      assertThat(guest.process().waitFor(10, TimeUnit.SECONDS)).isTrue();
    }
    endsWith("a", parts[1]);
    assertThat(openFiles()).isLessThanOrEqualTo(open);
  }

  @Test
  void endsAVmmThatSendsNoDescriptorAtAll() throws Exception {
    pager.serve(guest("a"));
    try (Guest guest = Guest.start()) {
      guest.ask("connect", socket("a").toString());
      for (int i = 0; i < 6; i++) {
        guest.begin("send-text", "x" + i);
      }
      endsWith("a", "no descriptor with 6 messages");
      assertThat(guest.process().waitFor(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void survivesAVmmThatHangsUpAtAnyStep() throws Exception {
    int open = openFiles();
    List<List<String>> steps =
        List.of(List.of(), List.of("send-half"), List.of("send"), List.of("send", "touch 1,2"));
    for (int i = 0; i < steps.size(); i++) {
      String vm = "vm" + i;
      pager.serve(guest(vm));
      try (Guest guest = Guest.start()) {
        guest.ask("map", Integer.toString(BYTES));
        guest.ask("connect", socket(vm).toString());
        for (String step : steps.get(i)) {
          guest.ask(step);
        }
        guest.ask("hang-up");
        await().until(() -> pager.status(vm).state() == State.ENDED);
      }
      assertThat(pager.status(vm).error().orElse("none"))
          .isEqualTo(
              i < 2
                  ? "the VMM sent an end, expected the list of its memory regions and a userfaultfd"
                  : "none");
    }
    assertThat(openFiles()).isLessThanOrEqualTo(open);
  }

  @Test
  void freesEverythingWhenTheVmmIsKilled() throws Exception {
    RecordedPages.write(folder, set(IntStream.range(0, 50)), memoryFile());
    int open = openFiles();
    pager.serve(restored("a"));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      guest.ask("touch", "300");
      assertThat(threads()).contains("guest-a");
    }
    await().until(() -> pager.status("a").state() == State.ENDED);
    assertThat(pager.status("a").error()).isEmpty();
    await().until(() -> !threads().contains("guest-a"));
    assertThat(openFiles()).isLessThanOrEqualTo(open);
    assertThat(socket("a")).doesNotExist();
  }

  @Test
  void forgettingAGuestEndsItsVmm() throws Exception {
    pager.serve(guest("a"));
    pager.serve(guest("b"));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      assertThat(pager.list()).extracting(PagedStatus::vm).containsExactly("a", "b");

      pager.forget("a");
      pager.forget("b");

      assertThat(guest.process().waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertThat(pager.list()).isEmpty();
      assertThatThrownBy(() -> pager.status("a")).hasMessage("a: no such guest");
    }
  }

  @Test
  void aMemoryThatShrinksEndsTheVmmWithAReason() throws Exception {
    pager.serve(guest("a"));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      guest.ask("touch", "1");
      try (var file = new RandomAccessFile(memoryFile().toFile(), "rw")) {
        file.setLength(BYTES / 2);
      }
      guest.begin("touch", "500");

      assertThat(guest.process().waitFor(10, TimeUnit.SECONDS)).isTrue();
      endsWith("a", "memory: ends before byte " + 501 * PAGE);
    }
  }

  @Test
  void refusesFilesThatAreNotWhatWasPromised() throws Exception {
    RecordedPages.write(folder, set(IntStream.range(0, 50)), memoryFile());
    Path workingSet = folder.resolve(SnapshotFiles.WORKING_SET);
    byte[] good = Files.readAllBytes(workingSet);
    Files.write(workingSet, Arrays.copyOf(good, good.length - 1));
    refused(restored("a"), "working-set: checksum");
    Files.write(workingSet, good);
    Files.write(folder.resolve(SnapshotFiles.WORKING_SET_PAGES), new byte[PAGE]);
    refused(restored("a"), "working-set.pages: 4096 bytes, expected 204800");

    Files.write(memoryFile(), Arrays.copyOf(content, BYTES - PAGE));
    refused(guest("a"), "memory: 2093056 bytes, expected 2097152 (truncated?)");
    Files.delete(memoryFile());
    refused(guest("a"), "memory: no such file");
    assertThat(pager.list()).isEmpty();
  }

  @Test
  void servesWithoutAWorkingSetWhosePagesWereAltered() throws Exception {
    RecordedPages.write(folder, set(IntStream.range(0, 50)), memoryFile());
    Path pages = folder.resolve(SnapshotFiles.WORKING_SET_PAGES);
    byte[] altered = Files.readAllBytes(pages);
    altered[12345] ^= 1;
    Files.write(pages, altered);
    pager.serve(restored("a"));
    try (Guest guest = Guest.start()) {
      handOver(guest, "a");
      assertThat(guest.ask("checksum")).isEqualTo(checksum(0, BYTES));
      assertThat(pager.status("a").installedBytes()).isZero();
      assertThat(pager.status("a").error().orElseThrow())
          .contains("working set not installed")
          .contains("working-set.pages: checksum");
    }
  }

  @Test
  void servesAVmOnceAtATime() throws Exception {
    pager.serve(guest("a"));
    refused(guest("a"), "a: is served already");
    assertThat(socket("a")).exists();
    pager.forget("a");
    pager.serve(guest("a"));
  }

  @Test
  void restoresSixtyFourAtOnce() throws Exception {
    int guests = 64;
    RecordedPages.write(folder, set(IntStream.range(0, 256)), memoryFile());
    try (Guest guest = Guest.start()) {
      for (int i = 0; i < guests; i++) {
        pager.serve(restored("vm" + i));
        guest.ask("use", Integer.toString(i));
        guest.ask("map", Integer.toString(BYTES));
        guest.ask("connect", socket("vm" + i).toString());
      }
      for (int i = 0; i < guests; i++) {
        guest.ask("use", Integer.toString(i));
        guest.ask("send");
      }
      assertThat(guest.ask("checksums", Integer.toString(guests)).split(","))
          .hasSize(guests)
          .containsOnly(checksum(0, BYTES));
      assertThat(pager.list())
          .hasSize(guests)
          .allSatisfy(
              status -> {
                assertThat(status.state()).isEqualTo(State.SERVING);
                assertThat(status.error()).isEmpty();
                assertThat(status.installedBytes() / PAGE + status.faults())
                    .isGreaterThanOrEqualTo(PAGES);
              });
    }
  }

  private void endsWith(String vm, String reason) {
    await().until(() -> pager.status(vm).state() == State.ENDED);
    assertThat(pager.status(vm).error().orElse("no error")).contains(reason);
  }

  private void refused(PagedGuest guest, String why) {
    assertThatThrownBy(() -> pager.serve(guest))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining(why);
  }

  private void handOver(Guest guest, String vm) throws Exception {
    guest.ask("map", Integer.toString(BYTES));
    guest.ask("connect", socket(vm).toString());
    guest.ask("send");
  }

  private PagedGuest guest(String vm) {
    return guest(vm, false, false);
  }

  private PagedGuest recording(String vm) {
    return guest(vm, false, true);
  }

  private PagedGuest restored(String vm) {
    return guest(vm, true, false);
  }

  private PagedGuest guest(String vm, boolean restored, boolean record) {
    return guest(vm, BYTES, restored, record);
  }

  private PagedGuest guest(String vm, long bytes, boolean restored, boolean record) {
    return new PagedGuest(
        vm,
        socket(vm),
        0,
        memoryFile(),
        bytes,
        Optional.of(folder.resolve(SnapshotFiles.WORKING_SET)).filter(path -> restored),
        Optional.of(folder.resolve(SnapshotFiles.WORKING_SET_PAGES)).filter(path -> restored),
        record);
  }

  private RecordedPages recorded() {
    return RecordedPages.read(
        folder.resolve(SnapshotFiles.WORKING_SET), folder.resolve(SnapshotFiles.WORKING_SET_PAGES));
  }

  private Path socket(String vm) {
    return folder.resolve(vm);
  }

  private Path memoryFile() {
    return folder.resolve(SnapshotFiles.MEMORY);
  }

  private byte[] memory() throws Exception {
    var bytes = new byte[BYTES];
    new Random(1).nextBytes(bytes);
    Arrays.fill(bytes, HOLE * PAGE, HOLE_END * PAGE, (byte) 0);
    try (var file = new RandomAccessFile(memoryFile().toFile(), "rw")) {
      file.write(bytes, 0, HOLE * PAGE);
      file.seek(HOLE_END * PAGE);
      file.write(bytes, HOLE_END * PAGE, BYTES - HOLE_END * PAGE);
    }
    return bytes;
  }

  private static WorkingSet set(IntStream pages) {
    return WorkingSet.of(BYTES, PAGE, pages.toArray());
  }

  private static List<Integer> shuffled(long seed) {
    var order = new ArrayList<>(IntStream.range(0, PAGES).boxed().toList());
    Collections.shuffle(order, new Random(seed));
    return order;
  }

  private String checksum(int offset, int length) {
    return checksum(content, offset, length);
  }

  private static String checksum(byte[] bytes, int offset, int length) {
    var checksum = new CRC32();
    checksum.update(bytes, offset, length);
    return Long.toString(checksum.getValue());
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
  }

  /** The userfaultfds, sockets of ours and files below the test's folder that are open. */
  private int openFiles() throws Exception {
    int count = 0;
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      for (Path file : files.toList()) {
        String target = target(file);
        if (target.contains("userfaultfd")
            || target.contains("eventfd")
            || target.startsWith(folder.resolve("w").toString())
            || target.startsWith(memoryFile().toString())) {
          count++;
        }
      }
    }
    return count;
  }

  private static long freeHugePages() throws Exception {
    return Files.readAllLines(Path.of("/proc/meminfo")).stream()
        .filter(line -> line.startsWith("HugePages_Free:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (java.io.IOException e) {
      return "closed meanwhile";
    }
  }

  private static void run(PagerServer server) {
    try {
      server.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
