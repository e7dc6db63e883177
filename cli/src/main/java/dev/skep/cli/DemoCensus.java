package dev.skep.cli;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What of the host's objects is there now: to compare before with after. */
final class DemoCensus {
  /** The kinds of objects that a sandbox leaves on a host. */
  enum Kind {
    PROCESS("processes"),
    NAMESPACE("network namespaces"),
    LINK("links"),
    MOUNT("mounts"),
    CGROUP("cgroups"),
    TABLE("nft tables");

    private final String plural;

    Kind(String plural) {
      this.plural = plural;
    }

    String plural() {
      return plural;
    }
  }

  private final Map<Kind, Set<String>> found = new EnumMap<>(Kind.class);

  private DemoCensus() {}

  /**
   * Counts now. Processes are those whose command line names {@code state}; all else is the whole
   * host's.
   */
  static DemoCensus take(Path state) throws IOException, InterruptedException {
    var census = new DemoCensus();
    census.found.put(Kind.PROCESS, processes(state));
    census.found.put(Kind.NAMESPACE, names(Path.of("/run/netns")));
    census.found.put(Kind.LINK, names(Path.of("/sys/class/net")));
    census.found.put(Kind.MOUNT, mounts());
    census.found.put(Kind.CGROUP, cgroups(Path.of("/sys/fs/cgroup")));
    census.found.put(Kind.TABLE, tables());
    return census;
  }

  /** For tests. */
  static DemoCensus of(Map<Kind, Set<String>> found) {
    var census = new DemoCensus();
    census.found.putAll(found);
    return census;
  }

  /**
   * What is here and was not there before: kind and name of each. Besides processes, what has
   * {@code tag} in its name: the host is not ours alone.
   */
  List<String> since(DemoCensus before, String tag) {
    var extra = new ArrayList<String>();
    found.forEach(
        (kind, names) ->
            names.stream()
                .filter(name -> !before.found.getOrDefault(kind, Set.of()).contains(name))
                .filter(name -> kind == Kind.PROCESS || name.contains(tag))
                .forEach(name -> extra.add(kind.plural() + ": " + name)));
    return extra;
  }

  /** The kinds of objects, for people. */
  static String looked() {
    return Arrays.stream(Kind.values()).map(Kind::plural).collect(Collectors.joining(", "));
  }

  /** Pid and command line of each process, besides this one, that names the state folder. */
  static Set<String> processes(Path state) throws IOException {
    var names = new TreeSet<String>();
    long self = ProcessHandle.current().pid();
    for (String pid : names(Path.of("/proc"))) {
      if (!pid.matches("\\d+") || Long.parseLong(pid) == self) {
        continue;
      }
      String command = commandOf(pid);
      if (command.contains(state.toString())) {
        names.add(pid + " " + command);
      }
    }
    return names;
  }

  /** Empty for a process that ended while we looked. */
  private static String commandOf(String pid) {
    try {
      return Files.readString(Path.of("/proc", pid, "cmdline")).replace('\0', ' ').strip();
    } catch (IOException e) {
      return "";
    }
  }

  private static Set<String> names(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      var names = new TreeSet<String>();
      entries.forEach(entry -> names.add(entry.getFileName().toString()));
      return names;
    } catch (NoSuchFileException e) {
      return Set.of();
    }
  }

  private static Set<String> mounts() throws IOException {
    var points = new TreeSet<String>();
    for (String line : Files.readAllLines(Path.of("/proc/self/mounts"))) {
      points.add(line.split(" ", 3)[1]);
    }
    return points;
  }

  private static Set<String> cgroups(Path root) throws IOException {
    var groups = new TreeSet<String>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            groups.add(folder.toString());
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure) {
            return FileVisitResult.CONTINUE; // a group that went away while we looked
          }
        });
    return groups;
  }

  private static Set<String> tables() throws IOException, InterruptedException {
    Process nft = new ProcessBuilder("nft", "list", "tables").redirectErrorStream(true).start();
    String output =
        new String(nft.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    boolean ended = nft.waitFor(10, TimeUnit.SECONDS);
    return ended && nft.exitValue() == 0 ? new TreeSet<>(output.lines().toList()) : Set.of();
  }
}
