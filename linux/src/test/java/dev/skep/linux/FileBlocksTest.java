package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileBlocksTest {
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 2048;

  @TempDir Path folder;
  private Path file;
  private Path scratch;

  @BeforeEach
  void open() throws IOException {
    assumeTrue(
        Files.getFileStore(folder).type().equals("ext4"),
        "the folder for temporary files is not on ext4");
    file = folder.resolve("memory");
    scratch = folder.resolve("memory.scratch");
  }

  /** Every fourth group of 16 blocks is a hole. */
  private void write(Random random) throws IOException {
    try (var out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      byte[] group = new byte[16 * BLOCK];
      for (int at = 0; at < BLOCKS; at += 16) {
        random.nextBytes(group);
        if (at / 16 % 4 != 3) {
          out.write(ByteBuffer.wrap(group), (long) at * BLOCK);
        }
      }
      out.force(true);
    }
  }

  private static List<ByteRange> scattered(Random random) {
    var ranges = new ArrayList<ByteRange>();
    for (int at = 0; at < BLOCKS; at += 32) {
      ranges.add(new ByteRange((long) at * BLOCK, (1 + random.nextInt(24)) * (long) BLOCK));
    }
    Collections.shuffle(ranges, random);
    return ranges;
  }

  @Test
  void movesScatteredPartsSideBySideAndChangesNothing() throws Exception {
    var random = new Random(7);
    write(random);
    List<ByteRange> ranges = scattered(random);
    byte[] before = Files.readAllBytes(file);
    long allocated = DataExtents.allocatedBytes(file);

    long moved = FileBlocks.gather(file, ranges, scratch);

    assertThat(moved).isEqualTo(dataIn(ranges));
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    PageCache.evict(file);
    assertThat(Files.readAllBytes(file)).as("on the disk").isEqualTo(before);
    assertThat(DataExtents.allocatedBytes(file)).isEqualTo(allocated);
    assertThat(scratch).doesNotExist();
    List<Long> places = places(ranges);
    long jumps = 0;
    for (int i = 1; i < places.size(); i++) {
      jumps += places.get(i) == places.get(i - 1) + 1 ? 0 : 1;
    }
    assertThat(jumps).as("of %d blocks", places.size()).isLessThan(ranges.size() / 8);
  }

  private long dataIn(List<ByteRange> ranges) {
    return ranges.stream()
            .flatMapToLong(range -> blocks(range).stream().mapToLong(Long::longValue))
            .filter(block -> block / 16 % 4 != 3)
            .count()
        * BLOCK;
  }

  private static List<Long> blocks(ByteRange range) {
    var blocks = new ArrayList<Long>();
    for (long at = range.offset(); at < range.end(); at += BLOCK) {
      blocks.add(at / BLOCK);
    }
    return blocks;
  }

  /** The numbers of the disk's blocks, in the order of the ranges; without holes. */
  private List<Long> places(List<ByteRange> ranges) throws Exception {
    String out = Command.of("filefrag", "-v", "-b4096", file.toString()).run();
    var extents = new ArrayList<long[]>();
    for (String line : out.lines().toList()) {
      String[] words = line.replace("..", " ").replace(":", " ").strip().split("\\s+", -1);
      if (words.length > 5 && words[0].matches("\\d+")) {
        extents.add(
            new long[] {
              Long.parseLong(words[1]), Long.parseLong(words[2]), Long.parseLong(words[3])
            });
      }
    }
    var places = new ArrayList<Long>();
    for (ByteRange range : ranges) {
      for (long block : blocks(range)) {
        extents.stream()
            .filter(one -> one[0] <= block && block <= one[1])
            .findFirst()
            .ifPresent(one -> places.add(one[2] + block - one[0]));
      }
    }
    return places;
  }

  @Test
  void readersSeeTheSameBytesMeanwhile() throws Exception {
    var random = new Random(11);
    write(random);
    byte[] before = Files.readAllBytes(file);
    List<ByteRange> ranges = scattered(random);
    Thread mover =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; i < 5; i++) {
                    FileBlocks.gather(file, ranges, scratch);
                  }
                });
    do {
      assertThat(Files.readAllBytes(file)).isEqualTo(before);
    } while (mover.isAlive());
    mover.join();
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @Test
  void aFileOfHolesHasNothingToMove() throws IOException {
    try (var out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.allocate(1), 64L * BLOCK);
    }
    assertThat(FileBlocks.gather(file, List.of(new ByteRange(0, 32 * BLOCK)), scratch)).isZero();
  }
}
