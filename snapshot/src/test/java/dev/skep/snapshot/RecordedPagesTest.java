package dev.skep.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordedPagesTest {
  private static final int PAGE = WorkingSet.PAGE_BYTES;
  private static final int PAGES = 64;

  @TempDir Path folder;

  @Test
  void readsWhatItWrote() throws Exception {
    byte[] content = memory();
    var set = WorkingSet.of(PAGES * PAGE, PAGE, 63, 0, 17, 18, 5);

    var written = RecordedPages.write(folder, set, folder.resolve("memory"));

    assertThat(read()).isEqualTo(written);
    assertThat(written.set()).isEqualTo(set);
    var expected = new ByteArrayOutputStream();
    for (int page : new int[] {63, 0, 17, 18, 5}) {
      expected.write(content, page * PAGE, PAGE);
    }
    assertThat(written.file()).hasBinaryContent(expected.toByteArray());
    var checksum = new CRC32C();
    checksum.update(expected.toByteArray());
    assertThat(written.checksum()).isEqualTo((int) checksum.getValue());
    assertThat(folder).isDirectoryNotContaining("glob:**.new");
  }

  @Test
  void keepsAnyOrderOfAccess() throws Exception {
    long seed = System.nanoTime();
    int[] order = new Random(seed).ints(0, 1 << 21).distinct().limit(5_000).toArray();
    var set = WorkingSet.of((1L << 21) * PAGE, PAGE, order);
    byte[] file = WorkingSetFormat.encode(set, 42).array();
    ByteBuffer encoded = WorkingSetFormat.encode(set, 42);

    var decoded = WorkingSetFormat.decode(Arrays.copyOf(file, encoded.limit()));

    assertThat(decoded.set()).as("seed %d", seed).isEqualTo(set);
    assertThat(decoded.pagesChecksum()).isEqualTo(42);
  }

  @Test
  void keepsNoPagesAtAll() throws Exception {
    memory();
    var empty = WorkingSet.of(PAGES * PAGE, PAGE);
    RecordedPages.write(folder, empty, folder.resolve("memory"));
    assertThat(read().set()).isEqualTo(empty);
  }

  @Test
  void refusesEveryTruncationAndEveryFlippedBit() throws Exception {
    byte[] good = written();
    for (int length = 0; length < good.length; length++) {
      refuses(Arrays.copyOf(good, length), "working-set: ");
    }
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] altered = good.clone();
      altered[bit / 8] ^= (byte) (1 << bit % 8);
      refuses(altered, "working-set: ");
    }
  }

  @Test
  void namesTheVersionThatItDoesNotKnow() throws Exception {
    refuses(with(8, 2), "working-set: format version 2, expected 1");
  }

  @Test
  void refusesWhatIsSealedButWrong() throws Exception {
    refuses(with(28 - 4, 1 << 30), "1073741824 pages in ");
    refuses(with(28 - 4, 4), "1 bytes after the last page");
    refuses(with(28 - 4, 6), "pages in ");
    refuses(with(12, 3), "pages of 3 bytes");
    refuses(with(16, 8 * PAGE), "expected one of the memory's 8");
  }

  @Test
  void refusesPagesOfAnotherLength() throws Exception {
    written();
    Path pages = folder.resolve(SnapshotFiles.WORKING_SET_PAGES);
    Files.write(pages, new byte[3 * PAGE]);
    assertThatThrownBy(this::read)
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("working-set.pages: 12288 bytes, expected 20480");
    Files.delete(pages);
    assertThatThrownBy(this::read)
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("working-set.pages: no such file");
  }

  @Test
  void prefetchAsksForTheSetAndNearGaps() throws Exception {
    memory();
    var set = WorkingSet.of(PAGES * PAGE, PAGE, IntStream.of(40, 2, 4).toArray());
    assertThat(Prefetch.start(folder.resolve("memory"), set).get().bytes()).isEqualTo(4L * PAGE);
    assertThat(Prefetch.start(folder.resolve("none"), set))
        .failsWithin(java.time.Duration.ofSeconds(5));
  }

  private RecordedPages read() {
    return RecordedPages.read(
        folder.resolve(SnapshotFiles.WORKING_SET), folder.resolve(SnapshotFiles.WORKING_SET_PAGES));
  }

  private byte[] memory() throws Exception {
    var content = new byte[PAGES * PAGE];
    new Random(1).nextBytes(content);
    Files.write(folder.resolve("memory"), content);
    return content;
  }

  /** Five pages with numbers of one byte each. */
  private byte[] written() throws Exception {
    memory();
    var set = WorkingSet.of(PAGES * PAGE, PAGE, 10, 0, 17, 18, 5);
    RecordedPages.write(folder, set, folder.resolve("memory"));
    return Files.readAllBytes(folder.resolve(SnapshotFiles.WORKING_SET));
  }

  /** A file with another number in its header, and a checksum that fits. */
  private byte[] with(int position, int value) throws Exception {
    ByteBuffer file = ByteBuffer.wrap(written()).order(ByteOrder.LITTLE_ENDIAN);
    file.putInt(position, value);
    var checksum = new CRC32C();
    checksum.update(file.array(), 0, file.capacity() - 4);
    return file.putInt(file.capacity() - 4, (int) checksum.getValue()).array();
  }

  private void refuses(byte[] file, String why) throws Exception {
    Files.write(folder.resolve(SnapshotFiles.WORKING_SET), file);
    assertThatThrownBy(this::read).isInstanceOf(SkepException.class).hasMessageContaining(why);
  }
}
