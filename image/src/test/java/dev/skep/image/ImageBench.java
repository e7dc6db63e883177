package dev.skep.image;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Layers in the page cache to EROFS, beside what the machine's own tools do with the same layers.
 * Each round measures all of them; the medians are compared.
 */
public final class ImageBench {
  private static final int ROUNDS = 5;
  private static final String[] FORMATS = {"", ".gz", ".zst"};

  private final Path work;
  private final List<Path> layers = new ArrayList<>();
  private long layerBytes;

  private ImageBench(Path work) {
    this.work = work;
  }

  /** Argument: an empty folder. */
  public static void main(String[] arguments) throws Exception {
    ImageBench bench = new ImageBench(Path.of(arguments[0]));
    bench.makeLayers();
    for (String format : FORMATS) {
      bench.measure(format);
    }
    bench.manyFiles();
  }

  /** A base of files as distributions have them, an upgrade of a part of it, an application. */
  private void makeLayers() throws Exception {
    Random random = new Random(1);
    layer("base", random, 5000, 0, 40_000);
    layer("upgrade", random, 500, 500, 40_000);
    layer("application", random, 20, 0, 2_000_000);
    for (Path layer : layers) {
      layerBytes += Files.size(layer);
      run("gzip -k \"$1\"; zstd -q -k \"$1\"", layer);
    }
    System.out.printf("layers: %d MB in 3 layers, 5520 files%n", layerBytes / 1_000_000);
  }

  private void layer(String name, Random random, int files, int whiteouts, int meanBytes)
      throws IOException {
    Path file = work.resolve(name + ".tar");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < files; i++) {
        byte[] content = content(random, (int) (-meanBytes * Math.log(1 - random.nextDouble())));
        String path = "usr/lib/d" + i % 97 + "/" + (meanBytes > 1_000_000 ? name : "f") + i;
        write(out, path, content);
        if (i < whiteouts) {
          write(out, "usr/lib/d" + (i + 1000) % 97 + "/.wh.f" + (i + 1000), new byte[0]);
        }
      }
      out.write(new byte[1024]);
    }
    layers.add(file);
  }

  private static void write(OutputStream out, String path, byte[] content) throws IOException {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    out.write(Tars.header('0', name, new byte[0], content.length, 0644));
    out.write(Arrays.copyOf(content, (content.length + 511) / 512 * 512));
  }

  /** Half noise, half text: it shrinks to about what program files shrink to. */
  private static byte[] content(Random random, int bytes) {
    byte[] content = new byte[bytes];
    for (int at = 0; at < bytes; at += 64) {
      boolean noise = random.nextInt(3) == 0;
      for (int i = at; i < Math.min(bytes, at + 64); i++) {
        content[i] = (byte) (noise ? random.nextInt() : "the same words again ".charAt(i % 21));
      }
    }
    return content;
  }

  private void measure(String format) throws Exception {
    String unpack = format.isEmpty() ? "cat" : format.equals(".gz") ? "gzip -dc" : "zstd -qdc";
    String name = format.isEmpty() ? "plain" : format.substring(1);
    double[] ours = new double[ROUNDS];
    double[] copies = new double[ROUNDS];
    double[] others = new double[ROUNDS];
    for (int round = -1; round < ROUNDS; round++) {
      double mine = flatten(format);
      double copy = copy(unpack, format);
      double other = unpackAndMake(unpack, format);
      System.out.printf(
          "%s round %d: skep %.0f, %s > file %.0f, tar -x and mkfs.erofs %.0f MB/s%n",
          name, round, mine, unpack, copy, other);
      if (round >= 0) {
        ours[round] = mine;
        copies[round] = copy;
        others[round] = other;
      }
    }
    String reach = format.isEmpty() ? ">= 200 MB/s" : "-";
    String verdict = !format.isEmpty() || median(ours) >= 200 ? "ok" : "missed";
    result("image of " + name + " layers", unpack + " > file", ours, copies, reach, verdict);
    result("image of " + name + " layers", "tar -x, mkfs.erofs", ours, others, "-", "ok");
  }

  private static void result(
      String what, String reference, double[] ours, double[] theirs, String reach, String verdict) {
    System.out.printf(
        "RESULT\t%s\t%s\t%.0f MB/s\t%.0f MB/s\t%.2f\t%s\t%s%n",
        what,
        reference,
        median(ours),
        median(theirs),
        median(ours) / median(theirs),
        reach,
        verdict);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private double flatten(String format) throws Exception {
    List<Layer> all = new ArrayList<>();
    for (Path layer : layers) {
      Path file = Path.of(layer + format);
      all.add(
          new Layer(
              file.toString(),
              Optional.empty(),
              Optional.empty(),
              Files.size(file),
              () -> Files.newInputStream(file)));
    }
    Files.deleteIfExists(work.resolve("image"));
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long cpu = threads.getCurrentThreadCpuTime();
    long start = System.nanoTime();
    new Flattener(work, 1L << 40, _ -> {}).flatten("image", Found.layersOf(all));
    double rate = rate(start);
    double cpuSeconds = (threads.getCurrentThreadCpuTime() - cpu) / 1e9;
    System.out.printf("  skep alone: %.0f MB per CPU second%n", layerBytes / 1e6 / cpuSeconds);
    return rate;
  }

  private double copy(String unpack, String format) throws Exception {
    long start = System.nanoTime();
    run(
        "cd \"$1\"; for l in base upgrade application; do "
            + unpack
            + " $l.tar"
            + format
            + "; done > copy",
        work);
    return rate(start);
  }

  private double unpackAndMake(String unpack, String format) throws Exception {
    run("rm -rf \"$1\"/tree; mkdir \"$1\"/tree", work);
    long start = System.nanoTime();
    run(
        "cd \"$1\"; for l in base upgrade application; do "
            + unpack
            + " $l.tar"
            + format
            + " | tar -C tree -xf -; done; mkfs.erofs -Enoinline_data other tree >/dev/null",
        work);
    return rate(start);
  }

  private double rate(long start) {
    return layerBytes / 1e6 / ((System.nanoTime() - start) / 1e9);
  }

  private void manyFiles() throws Exception {
    ManyFiles.main(new String[] {work.toString(), "200000"});
    System.out.printf(
        "RESULT\timage of 200,000 files, 2 layers\t-\t%d MB heap\t-\t-\t< 64 MB heap\tok%n",
        Runtime.getRuntime().maxMemory() >> 20);
  }

  private static void run(String script, Path argument) throws Exception {
    Process process =
        new ProcessBuilder("bash", "-euo", "pipefail", "-c", script, "-", argument.toString())
            .inheritIO()
            .start();
    if (process.waitFor() != 0) {
      throw new IllegalStateException("failed: " + script);
    }
  }
}
