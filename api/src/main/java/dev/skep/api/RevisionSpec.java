package dev.skep.api;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The typed form of {@code spec.template} of a Knative Service, after defaulting and validation.
 *
 * @param image reference as the user wrote it
 * @param command replaces the image's entrypoint where not empty
 * @param args replace the image's cmd where not empty (or where {@code command} is given)
 * @param env in the order in which later ones win
 * @param mounts each at a path of its own
 * @param workingDir replaces the image's
 * @param runAsUser numeric user that replaces the image's
 * @param port that the function listens on; it gets the same number as {@code PORT}
 * @param containerConcurrency most requests at once in one instance; 0 is unlimited
 * @param timeout for the whole request, waiting included
 * @param responseStartTimeout until the first byte; zero is off
 * @param idleTimeout without a byte; zero is off
 * @param sandbox kind of sandbox that it asks for; empty for the host's own
 * @param annotations of the template: policies read theirs here
 */
public record RevisionSpec(
    String image,
    List<String> command,
    List<String> args,
    List<EnvSource> env,
    List<VolumeMount> mounts,
    Optional<String> workingDir,
    Optional<Integer> runAsUser,
    int port,
    Protocol protocol,
    Probe readiness,
    Optional<Probe> liveness,
    Resources resources,
    int containerConcurrency,
    Duration timeout,
    Duration responseStartTimeout,
    Duration idleTimeout,
    Optional<String> sandbox,
    Map<String, String> annotations) {

  public RevisionSpec {
    command = List.copyOf(command);
    args = List.copyOf(args);
    env = List.copyOf(env);
    mounts = List.copyOf(mounts);
    annotations = Map.copyOf(annotations);
  }

  /** Whether an instance finds its own name inside: no other is a clone of it. */
  public boolean tellsInstances() {
    return env.stream()
            .anyMatch(
                source -> source instanceof EnvSource.Field(_, var field) && field.tellsInstances())
        || mounts.stream().anyMatch(mount -> mount.volume().tellsInstances());
  }
}
