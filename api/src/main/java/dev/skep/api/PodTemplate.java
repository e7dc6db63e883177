package dev.skep.api;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The typed form of a pod's template with its one container, after defaulting and validation.
 *
 * @param user numeric, {@code uid} or {@code uid:gid}, that replaces the image's
 * @param startup until it passes, the other two are not asked
 * @param sandbox kind of sandbox that it asks for; empty for the host's own
 * @param grace between SIGTERM and SIGKILL
 */
public record PodTemplate(
    Map<String, String> labels,
    Map<String, String> annotations,
    String image,
    List<String> command,
    List<String> args,
    List<EnvSource> env,
    List<VolumeMount> mounts,
    Optional<String> workingDir,
    Optional<String> user,
    List<Port> ports,
    Optional<Probe> startup,
    Optional<Probe> readiness,
    Optional<Probe> liveness,
    Resources resources,
    Optional<String> sandbox,
    Duration grace) {

  public PodTemplate {
    labels = Map.copyOf(labels);
    annotations = Map.copyOf(annotations);
    mounts = List.copyOf(mounts);
    command = List.copyOf(command);
    args = List.copyOf(args);
    env = List.copyOf(env);
    ports = List.copyOf(ports);
  }

  /** Of a pod that was defaulted and validated with its Deployment. */
  public static PodTemplate of(ApiObject pod) {
    return PodTemplates.read(pod.json());
  }

  /** Whether a claim of this name is mounted. */
  public boolean uses(String claim) {
    return mounts.stream()
        .anyMatch(
            mount -> mount.volume() instanceof Volume.Claim(String name, _) && name.equals(claim));
  }

  /** What is spoken on a port. */
  public enum Transport {
    TCP,
    UDP
  }

  /**
   * A port on which the container says that it listens.
   *
   * @param name may be empty
   */
  public record Port(String name, int number, Transport transport) {}

  /** The port with this name, for services that name it. */
  public Optional<Port> port(String name, Transport transport) {
    return ports.stream()
        .filter(port -> port.name().equals(name) && port.transport() == transport)
        .findFirst();
  }
}
