package dev.skep.image;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Reads of a lazy image whose content is here, through its mount, against the plain file. */
public final class LazyBench {
  private static final int FILE_BYTES = 128 << 10;
  private static final int FILES = 1500;
  private static final int RANDOM_READS = 20_000;
  private static final int ROUNDS = 5;

  private final Path work;
  private final FakeRegistry registry = FakeRegistry.start();

  private LazyBench(Path work) {
    this.work = work;
  }

  /** Argument: an empty folder. */
  public static void main(String[] arguments) throws Exception {
    LazyBench bench = new LazyBench(Path.of(arguments[0]));
    bench.push();
    bench.cached();
    System.exit(0);
  }

  private void push() throws IOException {
    ByteArrayOutputStream blob = new ByteArrayOutputStream();
    try (EstargzWriter out = new EstargzWriter(blob)) {
      out.landmark(false);
      for (int i = 0; i < FILES; i++) {
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
  }

  private static String name(int file) {
    return "usr/lib/d%03d/f%05d".formatted(file % 100, file);
  }

  private static void result(String what, double ours, double theirs) {
    double ratio = ours / theirs;
    System.out.printf(
        "RESULT\tread of a lazy image, %s\tplain file, in the page cache\t%.0f MB/s\t%.0f MB/s\t%.2f\t>= 0.60\t%s%n",
        what, ours, theirs, ratio, ratio >= 0.6 ? "ok" : "missed");
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    java.util.Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private LocalImages open(Path store) {
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
    LazyMount mount = new LazyMount(command, work.resolve("lazy.log"));
    return LocalImages.open(
        store, ImageSettings.defaults(), Optional.of(mount), Optional.empty(), Clock.systemUTC());
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
    try (LocalImages images = open(store)) {
      Image image = images.ensure(registry.address() + "/app:1", Images.Progress.NONE);
      Path plain = work.resolve("plain");
      Files.copy(image.erofs(), plain);
      sequential(image.erofs()); // comes from the registry, all of it
      double[][] speeds = new double[4][ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        speeds[0][round] = sequential(image.erofs());
        speeds[1][round] = sequential(plain);
        speeds[2][round] = random(image.erofs());
        speeds[3][round] = random(plain);
      }
      result("sequential", median(speeds[0]), median(speeds[1]));
      result("4 KiB random", median(speeds[2]), median(speeds[3]));
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
