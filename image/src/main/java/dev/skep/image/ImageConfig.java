package dev.skep.image;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an image says about running it (the {@code config} of the OCI image specification).
 *
 * @param user as written: empty, {@code uid}, {@code name}, {@code uid:gid} or {@code name:group}
 * @param workingDir empty means the root folder
 * @param port lowest exposed TCP port
 */
public record ImageConfig(
    List<String> entrypoint,
    List<String> cmd,
    Map<String, String> env,
    String user,
    String workingDir,
    Optional<Integer> port,
    String architecture) {
  public ImageConfig {
    entrypoint = List.copyOf(entrypoint);
    cmd = List.copyOf(cmd);
  }
}
