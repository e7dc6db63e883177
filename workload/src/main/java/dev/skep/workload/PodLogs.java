package dev.skep.workload;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log files of pods: {@code NAMESPACE/POD/RESTARTS.log}, that of the container that runs and
 * the one before; they go with their pod. Safe for use by any thread.
 */
public final class PodLogs {
  private static final Logger LOG = LoggerFactory.getLogger(PodLogs.class);
  private static final String SUFFIX = ".log";

  private final Path root;

  public PodLogs(Path root) {
    this.root = root;
  }

  Path file(Pod.Key pod, int restarts) {
    return folder(pod.namespace(), pod.name()).resolve(restarts + SUFFIX);
  }

  /**
   * What a pod has written, in the CRI's log format.
   *
   * @param previous whether the container before the last one is meant
   */
  public Optional<Path> find(String namespace, String pod, boolean previous) {
    List<Path> newest =
        list(folder(namespace, pod)).stream()
            .filter(file -> file.getFileName().toString().endsWith(SUFFIX))
            .sorted(Comparator.comparingInt(PodLogs::number).reversed())
            .toList();
    int wanted = previous ? 1 : 0;
    return wanted < newest.size() ? Optional.of(newest.get(wanted)) : Optional.empty();
  }

  private static int number(Path log) {
    return Integer.parseInt(log.getFileName().toString().replaceAll("\\D.*", ""));
  }

  /** Removes those before the last two. */
  void trim(Pod.Key pod, int restarts) {
    for (Path file : list(folder(pod.namespace(), pod.name()))) {
      if (number(file) < restarts - 1) {
        remove(file);
      }
    }
  }

  void delete(Pod.Key pod) {
    Path folder = folder(pod.namespace(), pod.name());
    list(folder).forEach(PodLogs::remove);
    remove(folder);
  }

  private static void remove(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.warn("{} could not be removed", file, e);
    }
  }

  private static List<Path> list(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    } catch (IOException e) {
      LOG.warn("folder {} could not be read", folder, e);
      return List.of();
    }
  }

  private Path folder(String namespace, String pod) {
    return root.resolve(namespace).resolve(pod);
  }
}
