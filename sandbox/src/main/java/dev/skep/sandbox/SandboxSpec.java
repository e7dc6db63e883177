package dev.skep.sandbox;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * All that a runtime needs to know of one sandbox. It is written into the sandbox's folder, so that
 * a daemon that starts again can adopt it.
 *
 * @param id ten characters of {@code [a-z0-9]}; every host object of the sandbox is named after it
 * @param hostname inside
 * @param labels the caller's own, given back unchanged by {@code adopt}
 * @param rootImage EROFS file, never written
 * @param imageDigest of the image that {@code rootImage} holds, {@code sha256:...}
 * @param port the function's
 * @param readyTimeout from start to ready; past it the start has failed
 * @param logFile where output goes, in the CRI log format ({@code TIME stdout|stderr F|P line});
 *     its folder exists
 * @param searchDomains in which a name with few dots is looked for, the nearest first
 * @param mounts each at a path of its own
 */
public record SandboxSpec(
    String id,
    String hostname,
    Map<String, String> labels,
    Path rootImage,
    String imageDigest,
    ProcessSpec process,
    Resources resources,
    int port,
    Probe readiness,
    Duration readyTimeout,
    NetworkPolicy network,
    Path logFile,
    List<String> searchDomains,
    List<Mount> mounts) {

  public SandboxSpec {
    if (!id.matches("[a-z0-9]{10}")) {
      throw new IllegalArgumentException(
          "sandbox id: '" + id + "' (expected: ten characters of [a-z0-9])");
    }
    labels = Map.copyOf(labels);
    searchDomains = List.copyOf(searchDomains);
    // what was written before there were mounts has none
    mounts = mounts == null ? List.of() : List.copyOf(mounts);
  }

  /** One that looks for no name in any domain, and has nothing mounted. */
  public SandboxSpec(
      String id,
      String hostname,
      Map<String, String> labels,
      Path rootImage,
      String imageDigest,
      ProcessSpec process,
      Resources resources,
      int port,
      Probe readiness,
      Duration readyTimeout,
      NetworkPolicy network,
      Path logFile) {
    this(
        id,
        hostname,
        labels,
        rootImage,
        imageDigest,
        process,
        resources,
        port,
        readiness,
        readyTimeout,
        network,
        logFile,
        List.of(),
        List.of());
  }

  /** Whether a path inside is that of a mount, or below one: the image does not have it. */
  public boolean mountsOver(String insidePath) {
    return mounts.stream().anyMatch(mount -> Path.of(insidePath).startsWith(mount.path()));
  }

  /** The same with these mounts. */
  public SandboxSpec withMounts(List<Mount> others) {
    return new SandboxSpec(
        id,
        hostname,
        labels,
        rootImage,
        imageDigest,
        process,
        resources,
        port,
        readiness,
        readyTimeout,
        network,
        logFile,
        searchDomains,
        others);
  }

  /** The same, as it may be written down: without what is in its files, only their digests. */
  public SandboxSpec withoutContents() {
    return withMounts(
        mounts.stream()
            .map(mount -> mount instanceof Mount.Files files ? files.withoutContents() : mount)
            .toList());
  }
}
