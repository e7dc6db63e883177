package dev.skep.gvisor;

import java.nio.file.Path;
import java.util.Optional;

/**
 * By what gVisor sandboxes run.
 *
 * @param runsc in place of the one on the PATH
 * @param platform {@code systrap}, {@code kvm} or {@code ptrace}; empty: the first of them that
 *     works here
 */
public record GvisorConfig(Optional<Path> runsc, Optional<String> platform) {
  /** Whatever is found. */
  public static final GvisorConfig DEFAULT = new GvisorConfig(Optional.empty(), Optional.empty());
}
