package dev.skep.testkit.firecracker;

import dev.skep.linux.LazyMemory;
import dev.skep.linux.TouchedMemory;
import dev.skep.linux.UnixConnection;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** The memory of a guest; what each page must hold follows from its number. */
interface GuestPages {
  int PAGE = 4096;

  /** What is in it; may have to be waited for. */
  byte[] read(int page);

  /** What must be in it: one page in four is zero. */
  static byte[] expected(int page) {
    ByteBuffer bytes = ByteBuffer.allocate(PAGE);
    if (page % 4 != 3) {
      for (long i = 0; i < PAGE / Long.BYTES; i++) {
        bytes.putLong((page + 1) * 0x9E3779B97F4A7C15L + i);
      }
    }
    return bytes.array();
  }

  /** Those that a Diff holds where the guest's writes are not logged. */
  default BitSet resident(int pages) {
    var all = new BitSet();
    all.set(0, pages);
    return all;
  }

  /** Of a guest that was booted, and has touched what is not zero. */
  static GuestPages booted(long bytes) {
    TouchedMemory memory = TouchedMemory.map(bytes);
    for (int page = 0; page < bytes / PAGE; page++) {
      if (page % 4 != 3) {
        memory.write((long) page * PAGE, expected(page));
      }
    }
    return new Booted(memory);
  }

  /** Memory of its own. */
  record Booted(TouchedMemory memory) implements GuestPages {
    @Override
    public byte[] read(int page) {
      return memory.read((long) page * PAGE, PAGE);
    }

    @Override
    public BitSet resident(int pages) {
      return memory.resident();
    }
  }

  /** The file, mapped. */
  static GuestPages mapped(Path file, long bytes) throws Fault {
    String introduction = "Failed to load guest memory: Error creating guest memory from file: ";
    if (!Files.exists(file)) {
      throw Fault.fatal(
          introduction + "Failed to load guest memory: No such file or directory (os error 2)");
    }
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() < bytes) {
        throw Fault.fatal(
            introduction
                + "Failed to restore guest memory: Total sum of memory regions exceeds largest"
                + " possible file offset");
      }
      MemorySegment memory = channel.map(MapMode.READ_ONLY, 0, bytes, Arena.ofAuto());
      return page -> memory.asSlice((long) page * PAGE, PAGE).toArray(ValueLayout.JAVA_BYTE);
    } catch (IOException e) {
      throw Fault.fatal(introduction + e.getMessage());
    }
  }

  /** Memory whose faults go to who listens at the socket. */
  static GuestPages paged(Path socket, List<Long> regions) throws Fault {
    var memory = new ArrayList<LazyMemory>();
    for (long bytes : regions) {
      memory.add(
          memory.isEmpty() ? LazyMemory.map(bytes, PAGE) : memory.getFirst().another(bytes, PAGE));
    }
    if (!Files.exists(socket)) {
      throw Fault.fatal(
          "Failed to load guest memory: Error creating guest memory from uffd: Failed to connect"
              + " to UDS Unix stream: No such file or directory (os error 2)");
    }
    UnixConnection connection = UnixConnection.connect(socket);
    connection.send(mappings(memory).getBytes(StandardCharsets.UTF_8), memory.getFirst().faults());
    return new Paged(memory, connection);
  }

  private static String mappings(List<LazyMemory> memory) {
    long offset = 0;
    var parts = new ArrayList<String>();
    for (LazyMemory region : memory) {
      parts.add(
          "{\"base_host_virt_addr\":%d,\"size\":%d,\"offset\":%d,\"page_size\":%d,\"page_size_kib\":%d}"
              .formatted(region.address(), region.bytes(), offset, PAGE, PAGE));
      offset += region.bytes();
    }
    return "[" + String.join(",", parts) + "]";
  }

  /**
   * @param connection open for as long as the process lives: its end tells the other side
   */
  record Paged(List<LazyMemory> regions, UnixConnection connection) implements GuestPages {
    @Override
    public byte[] read(int page) {
      long start = (long) page * PAGE;
      for (LazyMemory region : regions) {
        if (start < region.bytes()) {
          return region.read(start, PAGE);
        }
        start -= region.bytes();
      }
      throw new IllegalArgumentException("page " + page);
    }
  }
}
