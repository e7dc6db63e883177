package dev.skep.image;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * An image over a slow link: all of it before its first file is read, against reading at once while
 * it is fetched, without and with the list of an earlier start. Then reads of a lazy image whose
 * content is here, against the plain file.
 *
 * <p>A start reads 6.4 % of an image (Slacker, FAST'16), in an order that is not that of the layer,
 * file after file. What a function does besides is not in these times.
 */
public final class LazyBench {
  private static final int FILE_BYTES = 128 << 10;
  private static final double READ = 0.064;
  private static final int RANDOM_READS = 20_000;
  private static final int CACHED_ROUNDS = 5;

  private final Path work;
  private final int files;
  private final FakeRegistry registry = FakeRegistry.start();
  private final List<Integer> start = new ArrayList<>();

  private LazyBench(Path work, int megabytes) {
    this.work = work;
    this.files = (int) (megabytes * 1_000_000L / FILE_BYTES);
    Random random = new Random(2);
    // Programs and their libraries lie in runs; one read of a run is followed by one far away.
    while (start.size() < files * READ) {
      int at = random.nextInt(files - 8);
      for (int i = 0; i < 4; i++) {
        start.add(at + i);
      }
    }
  }

  /** Arguments: an empty folder, megabytes, megabits per second, rounds. */
  public static void main(String[] arguments) throws Exception {
    LazyBench bench = new LazyBench(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
    long bits = Long.parseLong(arguments[2]) * 1_000_000;
    bench.push();
    bench.registry.slow(bits / 8, Duration.ofMillis(10));
    int rounds = Integer.parseInt(arguments[3]);
    double[][] seconds = new double[3][rounds];
    for (int round = 0; round < rounds; round++) {
      bench.round(round, seconds);
    }
    String link = "full pull over " + arguments[2] + " Mbit/s";
    result("lazy start", link, "s", median(seconds[1]), median(seconds[0]), 0.25, true);
    result("lazy start with list", link, "s", median(seconds[2]), median(seconds[0]), 0.15, true);
    bench.registry.slow(0, Duration.ZERO);
    bench.cached();
    System.exit(0);
  }

  private void push() throws IOException {
    ByteArrayOutputStream blob = new ByteArrayOutputStream();
    try (EstargzWriter out = new EstargzWriter(blob)) {
      out.landmark(false);
      for (int i = 0; i < files; i++) {
        byte[] name = name(i).getBytes();
        TarEntry entry =
            new TarEntry(
                TarEntry.Type.REGULAR,
                name,
                new byte[0],
                FILE_BYTES,
                0644,
                0,
                0,
                1_700_000_000,
                0,
                0,
                0,
                List.of());
        out.add(entry, new ByteArrayInputStream(LazyPullTest.noise(i, FILE_BYTES)));
      }
      EstargzWriter.Written written = out.finish();
      registry.push(
          "app",
          "1",
          new FakeRegistry.Layer(
              blob.toByteArray(),
              FakeRegistry.OCI_LAYER + "+gzip",
              written.diffId().toString(),
              Map.of(TocPlace.ESTARGZ_DIGEST, written.toc().toString())));
    }
    System.out.printf(
        "image: %d files of %d KiB, %d MB compressed; a start reads %d files%n",
        files, FILE_BYTES >> 10, blob.size() / 1_000_000, start.size());
  }

  private static String name(int file) {
    return "usr/lib/d%03d/f%05d".formatted(file % 100, file);
  }

  private void round(int round, double[][] seconds) throws Exception {
    double full = timed("full" + round, false);
    double first = timed("lazy" + round, true);
    // the same store, without the image but with the list of its first start
    double again = timed("lazy" + round, true);
    System.out.printf(
        "round %d: full pull and start %.2f s, lazy %.2f s, lazy with list %.2f s%n",
        round, full, first, again);
    seconds[0][round] = full;
    seconds[1][round] = first;
    seconds[2][round] = again;
  }

  private static void result(
      String what,
      String reference,
      String unit,
      double ours,
      double theirs,
      double reach,
      boolean atMost) {
    double ratio = ours / theirs;
    System.out.printf(
        "RESULT\t%s\t%s\t%.2f %s\t%.2f %s\t%.2f\t%s %.2f\t%s%n",
        what,
        reference,
        ours,
        unit,
        theirs,
        unit,
        ratio,
        atMost ? "<=" : ">=",
        reach,
        (atMost ? ratio <= reach : ratio >= reach) ? "ok" : "missed");
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    java.util.Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private LocalImages open(Path store, boolean lazy) {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx160m",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            LazyMain.class.getName());
    Optional<LazyMount> mount =
        lazy ? Optional.of(new LazyMount(command, work.resolve("lazy.log"))) : Optional.empty();
    LocalImages images =
        LocalImages.open(
            store, ImageSettings.defaults(), mount, Optional.empty(), Clock.systemUTC());
    // one process for all images of a host: it runs when an image comes
    mount.ifPresent(m -> m.ensure(ImageFolder.existing(store), List.of()));
    return images;
  }

  private double timed(String name, boolean lazy) throws Exception {
    Path store = work.resolve(name);
    Path tree = Files.createDirectories(work.resolve("tree"));
    try (LocalImages images = open(store, lazy)) {
      long begin = System.nanoTime();
      Image image = images.ensure(registry.address() + "/app:1", Images.Progress.NONE);
      Command.bash("mount -t erofs -o ro \"$1\" \"$2\"", image.erofs(), tree);
      for (int file : start) {
        Files.readAllBytes(tree.resolve(name(file)));
      }
      double seconds = (System.nanoTime() - begin) / 1e9;
      if (lazy) {
        awaitRecord(store, image);
      }
      Command.bash("umount \"$1\"", tree);
      if (lazy) {
        stop(store);
      }
      images.remove(registry.address() + "/app:1");
      return seconds;
    }
  }

  private static void awaitRecord(Path store, Image image) throws InterruptedException {
    while (!Files.exists(store.resolve("access").resolve(image.key()))) {
      Thread.sleep(100);
    }
  }

  private static void stop(Path store) throws Exception {
    Path mount = store.resolve("mount");
    long pid = Long.parseLong(Files.readString(mount.resolve(LazyMount.PID)).strip());
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
    process.destroy();
    process.onExit().get(20, TimeUnit.SECONDS);
  }

  private void cached() throws Exception {
    Path store = work.resolve("cached");
    try (LocalImages images = open(store, true)) {
      Image image = images.ensure(registry.address() + "/app:1", Images.Progress.NONE);
      Path plain = work.resolve("plain");
      Files.copy(image.erofs(), plain);
      sequential(image.erofs()); // comes from the registry, all of it
      double[][] speeds = new double[4][CACHED_ROUNDS];
      for (int round = 0; round < CACHED_ROUNDS; round++) {
        speeds[0][round] = sequential(image.erofs());
        speeds[1][round] = sequential(plain);
        speeds[2][round] = random(image.erofs());
        speeds[3][round] = random(plain);
      }
      String reference = "plain file, in the page cache";
      result(
          "read of a lazy image, sequential",
          reference,
          "MB/s",
          median(speeds[0]),
          median(speeds[1]),
          0.6,
          false);
      result(
          "read of a lazy image, 4 KiB random",
          reference,
          "MB/s",
          median(speeds[2]),
          median(speeds[3]),
          0.6,
          false);
      stop(store);
    }
  }

  private static double sequential(Path file) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
    long bytes = 0;
    long begin = System.nanoTime();
    try (FileChannel channel = FileChannel.open(file)) {
      while (channel.read(buffer.clear()) > 0) {
        bytes += buffer.position();
      }
    }
    return bytes * 1e3 / (System.nanoTime() - begin);
  }

  private static double random(Path file) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
    Random random = new Random(3);
    try (FileChannel channel = FileChannel.open(file)) {
      long blocks = channel.size() / 4096;
      long begin = System.nanoTime();
      for (int i = 0; i < RANDOM_READS; i++) {
        channel.read(buffer.clear(), random.nextLong(blocks) * 4096);
      }
      return RANDOM_READS * 4096 * 1e3 / (System.nanoTime() - begin);
    }
  }
}
