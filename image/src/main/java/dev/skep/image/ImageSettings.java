package dev.skep.image;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * How images are fetched and stored.
 *
 * @param plainHttpRegistries {@code host} or {@code host:port} that may be asked without TLS,
 *     besides loopback and private addresses, which always may
 * @param dockerConfig file with credentials in the form of Docker's {@code config.json}; it need
 *     not exist
 * @param parallelLayers layers of one image that are fetched at the same time
 * @param idleTimeout how long a registry may send nothing
 * @param retries of one request in a row without any progress; then the pull fails
 * @param maxImageBytes size of a root file system beyond which an image is refused
 * @param maxCachedBytes layers that interrupted pulls may leave for the next try
 */
public record ImageSettings(
    List<String> plainHttpRegistries,
    Path dockerConfig,
    int parallelLayers,
    Duration idleTimeout,
    int retries,
    long maxImageBytes,
    long maxCachedBytes) {
  public ImageSettings {
    plainHttpRegistries = List.copyOf(plainHttpRegistries);
  }

  ImageSettings withPlainHttp(List<String> registries) {
    return new ImageSettings(
        registries,
        dockerConfig,
        parallelLayers,
        idleTimeout,
        retries,
        maxImageBytes,
        maxCachedBytes);
  }

  /** No plain HTTP but to private addresses, 3 layers at once, 30 s, 5 retries, 64 GiB, 4 GiB. */
  public static ImageSettings defaults() {
    return new ImageSettings(
        List.of(),
        Path.of(System.getProperty("user.home", "/root"), ".docker", "config.json"),
        3,
        Duration.ofSeconds(30),
        5,
        64L << 30,
        4L << 30);
  }
}
