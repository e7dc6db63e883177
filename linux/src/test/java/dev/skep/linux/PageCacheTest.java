package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageCacheTest {
  private static final int BYTES = 8 << 20;

  @TempDir Path folder;

  @Test
  void evictsAndReadsAheadWhatItIsAskedFor() throws Exception {
    Path file = Files.write(folder.resolve("file"), new byte[BYTES]);
    assertThat(PageCache.residentBytes(file)).isEqualTo(BYTES);

    PageCache.evict(file);
    Assumptions.assumeTrue(
        PageCache.residentBytes(file) == 0,
        "the file system of " + folder + " keeps all in memory");
    var ranges = List.of(new ByteRange(4 << 20, 2 << 20), new ByteRange(0, 4096));
    assertThat(PageCache.readAhead(file, ranges)).isEqualTo((2 << 20) + 4096);

    await().until(() -> PageCache.residentBytes(file) >= (2 << 20) + 4096);
    assertThat(PageCache.residentBytes(file)).isLessThan(BYTES);
  }

  @Test
  void anEmptyFileHasNothingResident() throws Exception {
    assertThat(PageCache.residentBytes(Files.createFile(folder.resolve("empty")))).isZero();
  }
}
