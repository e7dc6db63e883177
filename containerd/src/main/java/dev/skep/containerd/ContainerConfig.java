package dev.skep.containerd;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Which containerd runs the containers.
 *
 * @param socket of one that must be there; empty takes the host's own, at {@code
 *     /run/containerd/containerd.sock}, where it answers, and else starts one for this daemon
 * @param programs folder of {@code containerd}, its shim and perhaps {@code runc}, for one that is
 *     started; empty means those on the path
 */
public record ContainerConfig(Optional<Path> socket, Optional<Path> programs) {
  /** Whatever the host has. */
  public static final ContainerConfig DEFAULT =
      new ContainerConfig(Optional.empty(), Optional.empty());
}
