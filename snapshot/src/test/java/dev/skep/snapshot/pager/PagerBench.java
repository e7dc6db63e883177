package dev.skep.snapshot.pager;

import dev.skep.linux.PageCache;
import dev.skep.snapshot.RecordedPages;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.WorkingSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a guest waits for its pages: Skep's pager against {@code bench/pager/hand.c}, which does the
 * least that can be done, in turns, all on one core. First each page by itself, in random order;
 * then a working set of 8 MiB in runs of one to five pages, with its file in the page cache and
 * without.
 */
final class PagerBench {
  private static final int PAGE = WorkingSet.PAGE_BYTES;
  private static final int PAGES = 32 << 10;
  private static final int SET_PAGES = 2048;
  private static final double REACH = 1.20;
  private static final int WARM_UP = 6;
  private static final List<String> ONE_CORE = List.of("taskset", "-c", "0");

  private final Path folder;
  private final String hand;
  private final int rounds;
  private final PagerClient pager;

  private PagerBench(Path folder, String hand, int rounds, PagerClient pager) {
    this.folder = folder;
    this.hand = hand;
    this.rounds = rounds;
    this.pager = pager;
  }

  /** Arguments: the program made of hand.c, rounds. */
  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory(Path.of("/var/tmp"), "skep-pager");
    List<String> command =
        Stream.of(
                ONE_CORE,
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+UseSerialGC",
                    "-Xmx64m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    PagerMain.class.getName()))
            .flatMap(List::stream)
            .toList();
    var process = new PagerProcess(command, folder.resolve("pager"), folder.resolve("pager.log"));
    try (PagerClient client = process.connectOrStart(Duration.ofSeconds(30))) {
      new PagerBench(folder, args[0], Integer.parseInt(args[1]), client).run();
    } finally {
      ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
      try (var files = Files.walk(folder)) {
        for (Path file : files.sorted(Collections.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void run() throws Exception {
    var content = new byte[PAGES * PAGE];
    new Random(1).nextBytes(content);
    Files.write(memory(), content);
    var all = new ArrayList<>(IntStream.range(0, PAGES).boxed().toList());
    Collections.shuffle(all, new Random(2));
    Files.write(folder.resolve("all"), order(all.stream().mapToInt(page -> page).toArray()));
    var set = WorkingSet.of(PAGES * (long) PAGE, PAGE, runs());
    RecordedPages.write(folder, set, memory());
    Files.write(
        folder.resolve("set"), order(IntStream.range(0, set.size()).map(set::page).toArray()));

    compare("a guest's wait for one page, random order", "all", false, false, PAGES);
    compare("hand-over to all of a cached 8 MiB set used", "set", true, false, 1);
    compare("the same, with its file not in the page cache", "set", true, true, 1);
  }

  private void compare(String what, String order, boolean install, boolean cold, int divisor)
      throws Exception {
    var mine = new ArrayList<Long>();
    var byHand = new ArrayList<Long>();
    for (int round = -WARM_UP; round < rounds; round++) {
      long reference = byHand(order, install, cold) / divisor;
      long skep = bySkep(order, install, cold) / divisor;
      if (round >= 0) {
        byHand.add(reference);
        mine.add(skep);
      }
    }
    long skep = median(mine);
    long reference = median(byHand);
    double ratio = (double) skep / reference;
    System.out.printf(
        "RESULT\t%s\tC program for one guest\t%.1f us\t%.1f us\t%.2f\t<= %.2f\t%s%n",
        what, skep / 1e3, reference / 1e3, ratio, REACH, ratio <= REACH ? "ok" : "missed");
  }

  private long bySkep(String order, boolean install, boolean cold) throws Exception {
    cool(cold);
    pager.serve(
        new PagedGuest(
            "a",
            folder.resolve("guest"),
            0,
            memory(),
            PAGES * (long) PAGE,
            Optional.of(folder.resolve(SnapshotFiles.WORKING_SET)).filter(path -> install),
            Optional.of(pages()).filter(path -> install),
            false));
    long took = guest(order);
    System.out.println("  Skep " + took / 1000 + " us: " + pager.status("a"));
    pager.forget("a");
    return took;
  }

  private long byHand(String order, boolean install, boolean cold) throws Exception {
    cool(cold);
    var line = new ArrayList<>(ONE_CORE);
    line.addAll(List.of(hand, "pager", folder.resolve("guest").toString(), memory().toString()));
    if (install) {
      line.addAll(List.of(folder.resolve("set").toString(), pages().toString()));
    }
    Process process =
        new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try {
      process.inputReader().readLine();
      long took = guest(order);
      System.out.println("  hand " + took / 1000 + " us");
      return took;
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private long guest(String order) throws IOException {
    var line = new ArrayList<>(ONE_CORE);
    line.addAll(
        List.of(
            hand,
            "guest",
            folder.resolve("guest").toString(),
            Integer.toString(PAGES * PAGE),
            folder.resolve(order).toString()));
    Process process =
        new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    return Long.parseLong(process.inputReader().readLine().split(" ")[0]);
  }

  private void cool(boolean cold) {
    if (cold) {
      PageCache.evict(pages());
    } else {
      PageCache.readAhead(pages(), List.of(new dev.skep.linux.ByteRange(0, SET_PAGES * PAGE)));
    }
  }

  private Path memory() {
    return folder.resolve(SnapshotFiles.MEMORY);
  }

  private Path pages() {
    return folder.resolve(SnapshotFiles.WORKING_SET_PAGES);
  }

  /** Short, as REAP found them: two to three pages on average. */
  private static int[] runs() {
    var random = new Random(3);
    var pages = new ArrayList<Integer>();
    var taken = new boolean[PAGES + 5];
    while (pages.size() < SET_PAGES) {
      int start = random.nextInt(PAGES);
      for (int page = start; page < start + 1 + random.nextInt(5) && page < PAGES; page++) {
        if (!taken[page] && pages.size() < SET_PAGES) {
          taken[page] = true;
          pages.add(page);
        }
      }
    }
    return pages.stream().mapToInt(page -> page).toArray();
  }

  private static byte[] order(int[] pages) {
    var bytes = ByteBuffer.allocate(pages.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(pages).forEach(bytes::putInt);
    return bytes.array();
  }

  private static long median(List<Long> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }
}
