package dev.skep.remote;

import dev.skep.snapshot.SnapshotFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/** Where a snapshot of this host is stored too: a file in its folder, without any secret. */
record Origin(Location location, RemoteManifest manifest) {
  private static final Logger LOG = LoggerFactory.getLogger(Origin.class);

  /** Empty if it is nowhere else, as far as is known. */
  static Optional<Origin> read(Path folder) throws IOException {
    Path file = folder.resolve(SnapshotFiles.ORIGIN);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(RemoteManifest.MAPPER.readValue(Files.readAllBytes(file), Origin.class));
    } catch (JacksonException e) {
      LOG.warn("{}: {}", file, e.getOriginalMessage());
      return Optional.empty();
    }
  }

  void write(Path folder) throws IOException {
    Path draft = folder.resolve(SnapshotFiles.ORIGIN + ".new");
    Files.write(draft, RemoteManifest.MAPPER.writeValueAsBytes(this));
    Files.move(
        draft,
        folder.resolve(SnapshotFiles.ORIGIN),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }
}
