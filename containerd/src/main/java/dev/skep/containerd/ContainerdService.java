package dev.skep.containerd;

import dev.skep.linux.ProcessWatch;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The containerd that is used: the one that is configured, or ours if it was started before, or the
 * host's, or ours.
 *
 * @param own where it is ours
 */
record ContainerdService(Containerd containerd, Optional<EmbeddedContainerd> own)
    implements AutoCloseable {
  private static final Path HOST_SOCKET = Path.of("/run/containerd/containerd.sock");
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /**
   * @param folder for one of ours
   * @throws dev.skep.api.SkepException UNAVAILABLE with what to do where there is none
   */
  static ContainerdService open(ContainerConfig config, Path folder, ProcessWatch watch) {
    if (config.socket().isPresent()) {
      return found(config.socket().get());
    }
    var own = new EmbeddedContainerd(folder, config.programs(), watch);
    boolean fromHost =
        config.programs().isEmpty() && !own.wasStarted() && EmbeddedContainerd.listens(HOST_SOCKET);
    return fromHost ? found(HOST_SOCKET) : started(own);
  }

  /**
   * What {@link #open} would use, for people; nothing is started.
   *
   * @throws dev.skep.api.SkepException as {@link #open}
   */
  static String outlook(ContainerConfig config, Path folder, ProcessWatch watch) {
    var own = new EmbeddedContainerd(folder, config.programs(), watch);
    Path socket =
        config.socket().orElseGet(() -> own.running().isPresent() ? own.socket() : HOST_SOCKET);
    if (config.socket().isEmpty() && !EmbeddedContainerd.listens(socket)) {
      return own.version() + ", started when a container is";
    }
    try (var found = found(socket)) {
      return found.description();
    }
  }

  private static ContainerdService found(Path socket) {
    return new ContainerdService(Containerd.connect(socket, PATIENCE), Optional.empty());
  }

  private static ContainerdService started(EmbeddedContainerd own) {
    own.ensure();
    try {
      return new ContainerdService(Containerd.connect(own.socket(), PATIENCE), Optional.of(own));
    } catch (RuntimeException e) {
      own.close();
      throw e;
    }
  }

  String description() {
    return "containerd " + containerd.version() + " at " + containerd.socket();
  }

  /** Ends it, if it is ours: nothing runs in it any more. */
  void stop() {
    own.ifPresent(EmbeddedContainerd::stop);
  }

  /** Lets go: containers run on. */
  @Override
  public void close() {
    own.ifPresent(EmbeddedContainerd::close);
    containerd.close();
  }
}
