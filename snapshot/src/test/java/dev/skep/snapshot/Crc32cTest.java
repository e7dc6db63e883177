package dev.skep.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Crc32cTest {
  @TempDir Path folder;

  @Test
  void isTheSumOfTheStandard() throws IOException {
    Path file = Files.writeString(folder.resolve("f"), "123456789", StandardCharsets.US_ASCII);
    assertThat(Crc32c.of(file)).isEqualTo(new FileFacts(9, 9, "e3069283")); // RFC 3720, B.4
  }

  @Test
  void sumsHolesAsZerosWithoutCountingThem() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    var random = new Random(seed);
    int size = (5 << 20) + 123;
    Path sparse = folder.resolve("sparse");
    try (var file = new RandomAccessFile(sparse.toFile(), "rw")) {
      file.setLength(size);
      for (int i = 0; i < 20; i++) {
        byte[] piece = new byte[random.nextInt(1, 200_000)];
        random.nextBytes(piece);
        file.seek(random.nextInt(size - piece.length));
        file.write(piece);
      }
    }
    var sum = new CRC32C();
    sum.update(Files.readAllBytes(sparse));
    FileFacts facts = Crc32c.of(sparse);
    assertThat(facts.crc32c()).isEqualTo("%08x".formatted(sum.getValue()));
    assertThat(facts.bytes()).isEqualTo(size);
    assertThat(facts.allocatedBytes()).isPositive().isLessThan(size);

    Path whole = Files.write(folder.resolve("whole"), Files.readAllBytes(sparse));
    assertThat(Crc32c.of(whole)).isEqualTo(new FileFacts(size, size, facts.crc32c()));
  }

  @Test
  void sumsUpAnEmptyFile() throws IOException {
    Path file = Files.createFile(folder.resolve("f"));
    assertThat(Crc32c.of(file)).isEqualTo(new FileFacts(0, 0, "00000000"));
  }
}
