package dev.skep.snapshot;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.ReadOnlyFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * A working set on disk: which pages, and a second file with what is in them. The checksum ties the
 * two together: files of different recordings are never installed as one.
 *
 * @param file the pages back to back, in the set's order
 * @param checksum CRC32C of that file
 */
public record RecordedPages(WorkingSet set, Path file, int checksum) {
  /**
   * Writes both files of a snapshot's folder, each of which appears whole or not at all. Blocks:
   * only for platform threads.
   *
   * @param memory the snapshot's memory, from which the pages are taken
   */
  public static RecordedPages write(Path folder, WorkingSet set, Path memory) {
    Path pages = folder.resolve(SnapshotFiles.WORKING_SET_PAGES);
    try {
      var checksum = new CRC32C();
      WholeFile.write(pages, out -> copyPages(set, memory, out, checksum));
      int pagesChecksum = (int) checksum.getValue();
      WholeFile.write(
          folder.resolve(SnapshotFiles.WORKING_SET),
          out -> writeAll(out, WorkingSetFormat.encode(set, pagesChecksum)));
      return new RecordedPages(set, pages, pagesChecksum);
    } catch (IOException e) {
      throw new SkepException(
          Code.INTERNAL, folder + ": the working set cannot be written: " + e, e);
    }
  }

  /**
   * Reads which pages there are; their content is compared with the checksum by who reads it.
   *
   * @throws SkepException if a file is missing, truncated, altered, or of another version
   */
  public static RecordedPages read(Path workingSet, Path pages) {
    try {
      var decoded = WorkingSetFormat.decode(Files.readAllBytes(workingSet));
      WorkingSet set = decoded.set();
      long found = Files.size(pages);
      if (found != set.bytes()) {
        throw new SkepException(
            Code.INVALID,
            pages + ": " + found + " bytes, expected " + set.bytes() + " (" + set + ")");
      }
      return new RecordedPages(set, pages, decoded.pagesChecksum());
    } catch (NoSuchFileException e) {
      throw new SkepException(Code.NOT_FOUND, e.getMessage() + ": no such file", e);
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, workingSet + ": cannot be read: " + e, e);
    } catch (SkepException e) {
      throw new SkepException(e.code(), workingSet + ": " + e.getMessage(), e);
    }
  }

  private static void copyPages(WorkingSet set, Path memory, FileChannel out, CRC32C checksum)
      throws IOException {
    try (var file = ReadOnlyFile.open(memory);
        Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(set.pageBytes(), WorkingSet.PAGE_BYTES);
      ByteBuffer content = page.asByteBuffer();
      for (int i = 0; i < set.size(); i++) {
        file.readFully(page, (long) set.page(i) * set.pageBytes());
        checksum.update(content.clear());
        writeAll(out, content.clear());
      }
    }
  }

  private static void writeAll(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }
}
