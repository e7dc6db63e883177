package dev.skep.control;

import dev.skep.api.RevisionKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** The log files of instances: {@code NAMESPACE/REVISION/INSTANCE.log}. */
final class LogFolder {
  private record Log(Path file, FileTime written) {}

  private final Path root;
  private final int kept;
  private final Set<Path> made = ConcurrentHashMap.newKeySet();

  /**
   * @param kept files per revision of instances that are gone
   */
  LogFolder(Path root, int kept) {
    this.root = root;
    this.kept = kept;
  }

  Path file(RevisionKey revision, String instance) {
    return folder(revision).resolve(instance + ".log");
  }

  /** Makes the file's folder. */
  void prepare(RevisionKey revision) {
    Path folder = folder(revision);
    if (made.add(folder)) {
      try {
        Files.createDirectories(folder);
      } catch (IOException e) {
        made.remove(folder);
        throw new UncheckedIOException("folder for logs " + folder + ": " + e.getMessage(), e);
      }
    }
  }

  /**
   * Removes the oldest files of a revision beyond those that are kept; never those of {@code
   * alive}.
   */
  void trim(RevisionKey revision, Set<String> alive) throws IOException {
    var gone = new ArrayList<Log>();
    for (Path file : files(folder(revision))) {
      String instance = file.getFileName().toString().replaceFirst("\\.log$", "");
      if (!alive.contains(instance)) {
        gone.add(new Log(file, Files.getLastModifiedTime(file)));
      }
    }
    gone.sort(Comparator.comparing(Log::written).reversed());
    for (Log log : gone.subList(Math.min(kept, gone.size()), gone.size())) {
      Files.deleteIfExists(log.file());
    }
  }

  /** Removes all logs of a revision. */
  void remove(RevisionKey revision) throws IOException {
    Path folder = folder(revision);
    made.remove(folder);
    for (Path file : files(folder)) {
      Files.deleteIfExists(file);
    }
    Files.deleteIfExists(folder);
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    } catch (NoSuchFileException none) {
      return List.of();
    }
  }

  private Path folder(RevisionKey revision) {
    return root.resolve(revision.namespace()).resolve(revision.name());
  }
}
