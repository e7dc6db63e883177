package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * An image of a size of one's choice: a function, and files below it of which it reads 6.4 % before
 * it serves (Slacker, FAST'16). It reads them in runs, as programs and their libraries lie, one far
 * from the other, and does nothing else with them.
 */
final class BenchImage {
  private static final int FILE_BYTES = 128 << 10;
  private static final int RUN = 4;
  private static final double READ = 0.064;
  private static final int BLOCK = 512;
  private static final String FOLDER = "bench/";

  private final int files;
  private final List<Integer> read = new ArrayList<>();

  BenchImage(int megabytes) {
    this.files = Math.toIntExact(megabytes * 1_000_000L / FILE_BYTES);
    var random = new Random(2);
    while (read.size() < files * READ) {
      int first = random.nextInt(files - RUN + 1);
      for (int i = 0; i < RUN; i++) {
        read.add(first + i);
      }
    }
  }

  /**
   * Writes it as an ordinary image and as eStargz.
   *
   * @param function the root file system of a function in Python
   * @param plain an empty folder, as is {@code lazy}
   */
  void write(Path function, Path plain, Path lazy) throws IOException, InterruptedException {
    new OciFolder(plain)
        .layer(tar -> Files.copy(function, tar))
        .layer(this::data)
        .finish(List.of("/usr/bin/python3", "-S", "/" + FOLDER + "start.py"));
    convert(plain, lazy);
  }

  /** To eStargz. */
  static void convert(Path plain, Path lazy) throws IOException, InterruptedException {
    int status = Launcher.run(List.of("convert-image", plain.toString(), lazy.toString(), "", ""));
    if (status != 0) {
      throw new SkepException(
          Code.INTERNAL, "'skep image convert' ended with exit code " + status + " (see above)");
    }
  }

  /** A tar of the files, and of the program that reads some of them. */
  void data(OutputStream tar) throws IOException {
    String reads = String.join("\n", read.stream().map(file -> "/" + name(file)).toList());
    file(tar, FOLDER + "reads", reads.getBytes(StandardCharsets.UTF_8));
    String start =
        """
        import os
        for name in open("/%sreads"):
            open(name.rstrip(), "rb").read()
        os.execv("/usr/bin/python3", ["python3", "-S", "/app/server.pyc"])
        """
            .formatted(FOLDER);
    file(tar, FOLDER + "start.py", start.getBytes(StandardCharsets.UTF_8));
    byte[] content = new byte[FILE_BYTES];
    for (int file = 0; file < files; file++) {
      new Random(file).nextBytes(content);
      file(tar, name(file), content);
    }
    tar.write(new byte[2 * BLOCK]);
  }

  private static String name(int file) {
    return FOLDER + "d%03d/f%05d".formatted(file % 100, file);
  }

  /** As POSIX.1-1988 (ustar) has it. */
  private static void file(OutputStream tar, String name, byte[] content) throws IOException {
    byte[] header = new byte[BLOCK];
    put(header, 0, name);
    put(header, 100, "0000644");
    put(header, 108, "0000000");
    put(header, 116, "0000000");
    put(header, 124, "%011o".formatted(content.length));
    put(header, 136, "%011o".formatted(1_700_000_000));
    put(header, 156, "0");
    put(header, 257, "ustar");
    put(header, 263, "00");
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte each : header) {
      sum += each & 0xff;
    }
    put(header, 148, "%06o\0".formatted(sum));
    tar.write(header);
    tar.write(content);
    tar.write(new byte[(BLOCK - content.length % BLOCK) % BLOCK]);
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }
}
