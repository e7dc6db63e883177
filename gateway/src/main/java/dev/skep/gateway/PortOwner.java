package dev.skep.gateway;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the process that listens on a TCP port, for the message that the port is taken. */
final class PortOwner {
  private static final String LISTENING = "0A";

  private PortOwner() {}

  /** Name and pid, where this user may see it. */
  static Optional<String> of(int port) {
    return Stream.of("tcp", "tcp6")
        .flatMap(table -> inodes(Path.of("/proc/net", table), port).stream())
        .flatMap(inode -> holder("socket:[" + inode + "]").stream())
        .findFirst();
  }

  private static List<String> inodes(Path table, int port) {
    String suffix = String.format(Locale.ROOT, ":%04X", port);
    try (Stream<String> lines = Files.lines(table)) {
      return lines
          .map(line -> line.trim().split("\\s+", -1))
          .filter(field -> field.length > 9)
          .filter(field -> field[1].endsWith(suffix) && field[3].equals(LISTENING))
          .map(field -> field[9])
          .toList();
    } catch (IOException e) {
      return List.of(); // no such table: no IPv6
    }
  }

  private static Optional<String> holder(String socket) {
    return ProcessHandle.allProcesses()
        .filter(process -> holds(Path.of("/proc/" + process.pid() + "/fd"), socket))
        .map(process -> name(process.pid()) + " (pid " + process.pid() + ")")
        .findFirst();
  }

  private static boolean holds(Path descriptors, String socket) {
    try (DirectoryStream<Path> links = Files.newDirectoryStream(descriptors)) {
      for (Path link : links) {
        if (Files.readSymbolicLink(link).toString().equals(socket)) {
          return true;
        }
      }
    } catch (IOException | RuntimeException e) {
      return false; // it ended, or is not ours to see
    }
    return false;
  }

  private static String name(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/comm")).strip();
    } catch (IOException e) {
      return "a process";
    }
  }
}
