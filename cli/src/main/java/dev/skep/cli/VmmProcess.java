package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/** The VMM of one instance, as /proc shows it. */
record VmmProcess(long pid) {
  private static final long TICK_MILLIS = 10; // USER_HZ is 100 on every Linux

  /**
   * Bytes of one VMM.
   *
   * @param proportional pages that it shares are divided by how many share them (PSS)
   * @param ownGuest private pages of the guest's memory: written, or installed by a pager
   * @param ownRest its other private pages
   */
  record Memory(long proportional, long ownGuest, long ownRest) {
    Memory plus(Memory other) {
      return new Memory(
          proportional + other.proportional, ownGuest + other.ownGuest, ownRest + other.ownRest);
    }
  }

  static VmmProcess of(String instance) {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").contains("skep-" + instance))
        .findFirst()
        .map(process -> new VmmProcess(process.pid()))
        .orElseThrow(
            () ->
                new SkepException(
                    Code.UNAVAILABLE, "instance " + instance + ": its VMM is gone already"));
  }

  /** CPU time so far of those processes and of their children that have ended. */
  static long cpuMillis(Collection<Long> pids) throws IOException {
    long ticks = 0;
    for (long pid : pids) {
      ticks += new VmmProcess(pid).figure(11, 15);
    }
    return ticks * TICK_MILLIS;
  }

  long cpuMillis() throws IOException {
    return figure(11, 13) * TICK_MILLIS;
  }

  /** Page faults that had to wait for a disk. */
  long majorFaults() throws IOException {
    return figure(9, 10);
  }

  /** The sum of some fields of {@code stat}, counted from the one behind the process's name. */
  private long figure(int from, int to) throws IOException {
    String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += Long.parseLong(fields[i]);
    }
    return sum;
  }

  /**
   * @param guestBytes size of the guest's memory, by which its mapping is known
   */
  Memory memory(long guestBytes) throws IOException {
    return memory(Files.readAllLines(Path.of("/proc", Long.toString(pid), "smaps")), guestBytes);
  }

  static Memory memory(List<String> smaps, long guestBytes) {
    long proportional = 0;
    long guest = 0;
    long rest = 0;
    boolean ofGuest = false;
    for (String line : smaps) {
      if (line.startsWith("Size:")) {
        ofGuest = bytes(line) == guestBytes;
      } else if (line.startsWith("Pss:")) {
        proportional += bytes(line);
      } else if (line.startsWith("Private_") && !line.startsWith("Private_Hugetlb")) {
        // of a file's pages, only those that were written are ours
        boolean clean = line.startsWith("Private_Clean");
        guest += ofGuest && !clean ? bytes(line) : 0;
        rest += ofGuest || clean ? 0 : bytes(line);
      }
    }
    return new Memory(proportional, guest, rest);
  }

  private static long bytes(String line) {
    return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
  }
}
