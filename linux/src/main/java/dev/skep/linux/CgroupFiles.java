package dev.skep.linux;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The files through which both versions of cgroups are driven. */
final class CgroupFiles {
  private CgroupFiles() {}

  static List<String> children(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(Files::isDirectory).map(path -> path.getFileName().toString()).toList();
    } catch (IOException e) {
      throw broken(folder, e);
    }
  }

  static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw broken(file, e);
    }
  }

  static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw broken(file, e);
    }
  }

  /** Value of a key in a file of {@code key value} lines; 0 if it is not there. */
  static long keyed(Path file, String key) {
    return keyed(read(file)).getOrDefault(key, 0L);
  }

  static Map<String, Long> keyed(String text) {
    var values = new HashMap<String, Long>();
    for (String line : text.split("\n", -1)) {
      String[] words = line.split(" ", -1);
      if (words.length == 2 && words[1].matches("\\d{1,18}")) {
        values.put(words[0], Long.parseLong(words[1]));
      }
    }
    return values;
  }

  static List<Long> pids(Path procs) {
    return Files.exists(procs)
        ? read(procs).lines().filter(line -> !line.isBlank()).map(Long::parseLong).toList()
        : List.of();
  }

  static void makeFolder(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw broken(folder, e);
    }
  }

  /** Kills and removes, again and again for a second: a dying process holds its cgroup. */
  static void killAndRemove(Path folder) {
    long deadline = System.nanoTime() + 1_000_000_000L;
    while (Files.isDirectory(folder)) {
      pids(folder.resolve("cgroup.procs"))
          .forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
      if (folder.toFile().delete()) {
        return;
      }
      if (System.nanoTime() - deadline > 0) {
        throw new SkepException(
            Code.INTERNAL,
            "cgroup "
                + folder
                + ": still in use by processes "
                + pids(folder.resolve("cgroup.procs")));
      }
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while a cgroup was removed", e);
    }
  }

  private static SkepException broken(Path path, IOException e) {
    return new SkepException(
        Code.INTERNAL,
        "cgroup file " + path + ": " + e.getClass().getSimpleName() + ": " + e.getMessage(),
        e);
  }
}
