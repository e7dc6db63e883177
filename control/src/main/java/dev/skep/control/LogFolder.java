package dev.skep.control;

import dev.skep.api.RevisionKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log files of instances: {@code NAMESPACE/REVISION/INSTANCE.log}. Those of instances that are
 * gone are kept for a day, at most so many of a revision and so many bytes in all. Safe for use by
 * any thread.
 */
final class LogFolder {
  private static final Logger LOG = LoggerFactory.getLogger(LogFolder.class);
  private static final Duration KEPT_FOR = Duration.ofDays(1);
  private static final long KEPT_BYTES = 512L << 20;
  private static final String SUFFIX = ".log";

  private record Log(Path file, Instant written, long bytes) {}

  private final Path root;
  private final int kept;

  /**
   * @param kept files per revision of instances that are gone
   */
  LogFolder(Path root, int kept) {
    this.root = root;
    this.kept = kept;
  }

  Path file(RevisionKey revision, String instance) {
    return folder(revision).resolve(instance + SUFFIX);
  }

  /** Makes the file's folder. */
  void prepare(RevisionKey revision) {
    Path folder = folder(revision);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("folder for logs " + folder + ": " + e.getMessage(), e);
    }
  }

  /** Removes the oldest files of a revision beyond those that are kept; never of {@code alive}. */
  void trim(RevisionKey revision, Set<String> alive) {
    List<Log> gone = logsOfGone(List.of(folder(revision)), alive);
    delete(gone.subList(Math.min(kept, gone.size()), gone.size()));
  }

  /** Removes what is older or more than is kept, of all revisions; never of {@code alive}. */
  void sweep(Set<String> alive, Instant now) {
    List<Path> folders =
        list(root).stream().flatMap(namespace -> list(namespace).stream()).toList();
    var surplus = new ArrayList<Log>();
    long bytes = 0;
    for (Log log : logsOfGone(folders, alive)) {
      bytes += log.bytes();
      if (log.written().isBefore(now.minus(KEPT_FOR)) || bytes > KEPT_BYTES) {
        surplus.add(log);
      }
    }
    delete(surplus);
  }

  /** Newest first. */
  private static List<Log> logsOfGone(List<Path> folders, Set<String> alive) {
    var logs = new ArrayList<Log>();
    for (Path folder : folders) {
      for (Path file : list(folder)) {
        if (!alive.contains(instanceOf(file))) {
          try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            logs.add(new Log(file, attributes.lastModifiedTime().toInstant(), attributes.size()));
          } catch (IOException raced) {
            LOG.debug("log {} is gone already", file, raced);
          }
        }
      }
    }
    logs.sort(Comparator.comparing(Log::written).reversed());
    return logs;
  }

  private static String instanceOf(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
  }

  private static void delete(List<Log> logs) {
    for (Log log : logs) {
      try {
        Files.deleteIfExists(log.file());
      } catch (IOException e) {
        LOG.warn("log {} could not be removed", log.file(), e);
      }
    }
  }

  private static List<Path> list(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    } catch (NoSuchFileException none) {
      return List.of();
    } catch (IOException e) {
      LOG.warn("folder {} could not be read", folder, e);
      return List.of();
    }
  }

  private Path folder(RevisionKey revision) {
    return root.resolve(revision.namespace()).resolve(revision.name());
  }
}
