package dev.skep.microvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.skep.linux.DataExtents;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sparse file stands for the guest's memory. */
class MemoryCopyTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 64 * 64 * 4;

  @TempDir Path folder;
  private Path memory;
  private Path target;

  @BeforeEach
  void sparseMemory() throws IOException {
    memory = folder.resolve("memory");
    target = folder.resolve("copy");
    try (var file = new RandomAccessFile(memory.toFile(), "rw")) {
      file.setLength((long) PAGES * PAGE);
    }
  }

  @Test
  void laterPassesBringWhatHasChanged() throws IOException {
    var random = new Random(7);
    fill(random, 2000);
    try (var copy = new MemoryCopy(memory, target)) {
      copy.pass();
      assertEquals(-1, Files.mismatch(memory, target));
      for (int pass = 0; pass < 3; pass++) {
        fill(random, 50); // new pages, and ones that were there
        write(random.nextInt(PAGES), new byte[PAGE]);
        copy.pass();
        assertEquals(-1, Files.mismatch(memory, target));
      }
    }
  }

  @Test
  void aPageThatBecomesZeroIsZeroInTheCopy() throws IOException {
    byte[] page = new byte[PAGE];
    page[PAGE - 1] = 1;
    write(4095, page);
    try (var copy = new MemoryCopy(memory, target)) {
      copy.pass();
      write(4095, new byte[PAGE]);
      copy.pass();
    }
    assertEquals(-1, Files.mismatch(memory, target));
  }

  @Test
  void zeroPagesAreHoles() throws IOException {
    byte[] page = new byte[PAGE];
    for (int zero = 0; zero < 200; zero++) {
      write(zero, page);
    }
    page[0] = 1;
    write(100, page);
    try (var copy = new MemoryCopy(memory, target)) {
      copy.pass();
    }
    var data = new BitSet();
    DataExtents.visit(
        target,
        (offset, bytes) -> data.set((int) (offset / PAGE), (int) ((offset + bytes) / PAGE)));
    assertEquals("{100}", data.toString());
  }

  private void fill(Random random, int pages) throws IOException {
    byte[] page = new byte[PAGE];
    for (int i = 0; i < pages; i++) {
      random.nextBytes(page);
      write(random.nextInt(PAGES), page);
    }
  }

  private void write(int page, byte[] content) throws IOException {
    try (var file = new RandomAccessFile(memory.toFile(), "rw")) {
      file.seek((long) page * PAGE);
      file.write(content);
    }
  }
}
