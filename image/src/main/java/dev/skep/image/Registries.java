package dev.skep.image;

import java.io.Closeable;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Pulls from any registry, over connections that are made when the first pull needs one. */
final class Registries implements Closeable {
  private final ImageSettings settings;
  private final Platform platform;
  private final Pause pause;
  private final BlobCache blobs;
  private final Map<String, String> bases = RegistryAccess.noBases();
  private @Nullable Transport transport;

  Registries(ImageSettings settings, Platform platform, Path blobFolder, Pause pause) {
    this.settings = settings;
    this.platform = platform;
    this.pause = pause;
    this.blobs = new BlobCache(blobFolder, settings.maxCachedBytes());
  }

  RegistryPull pull(ImageReference name, Images.Progress progress) {
    RegistryAccess access = new RegistryAccess(transport(), settings, name, bases);
    return new RegistryPull(name, access, blobs, settings, platform, pause, progress);
  }

  private synchronized Transport transport() {
    if (transport == null) {
      transport = new Transport(settings.idleTimeout());
    }
    return transport;
  }

  @Override
  public synchronized void close() {
    if (transport != null) {
      transport.close();
      transport = null;
    }
  }
}
