package dev.skep.snapshot.pager;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * Has the host measured once, and keeps what came out beside the snapshots' folder until the kernel
 * is another. Thread-safe.
 */
public final class Calibrator {
  private static final Logger LOG = LoggerFactory.getLogger(Calibrator.class);
  private static final String FILE = "calibration.json";
  private static final String FOLDER = "calibration";

  private record Kept(String kernel, int pages, long prefetchNanos, long reapNanos) {
    Calibration calibration() {
      return new Calibration(pages, Duration.ofNanos(prefetchNanos), Duration.ofNanos(reapNanos));
    }
  }

  private final Path folder;
  private final String kernel;
  private final Function<Path, Calibration> measure;
  private final AtomicBoolean tried = new AtomicBoolean();
  private volatile @Nullable Calibration known;

  /**
   * Reads what is known, and measures nothing.
   *
   * @param folder of the snapshots
   */
  public Calibrator(Path folder) {
    this(folder, System.getProperty("os.version"), Calibration::measure);
  }

  /** Knows nothing, and measures nothing. */
  public static Calibrator off() {
    var off = new Calibrator(Path.of("/nonexistent/snapshots"));
    off.tried.set(true);
    return off;
  }

  Calibrator(Path folder, String kernel, Function<Path, Calibration> measure) {
    this.folder = folder;
    this.kernel = kernel;
    this.measure = measure;
    this.known = read();
  }

  /** Never waits. */
  public Optional<Calibration> known() {
    return Optional.ofNullable(known);
  }

  /** Begins to measure unless it is known, or was tried: when the host has little else to do. */
  public void begin() {
    if (known == null && tried.compareAndSet(false, true)) {
      Thread.ofPlatform().name("calibration").daemon().start(this::run);
    }
  }

  private void run() {
    Path scratch = folder.resolve(FOLDER);
    try {
      delete(scratch); // an earlier run was killed
      Files.createDirectory(scratch);
      try {
        Calibration found = measure.apply(scratch);
        known = found;
        LOG.info(
            "this host is calibrated: {} cold pages by prefetch in {} ms, by reap in {} ms",
            found.pages(),
            found.prefetch().toMillis(),
            found.reap().toMillis());
        keep(found);
      } finally {
        delete(scratch);
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("this host could not be calibrated: {}", e.toString());
    }
  }

  private static void delete(Path scratch) throws IOException {
    if (Files.exists(scratch)) {
      try (var files = Files.newDirectoryStream(scratch)) {
        for (Path file : files) {
          Files.delete(file);
        }
      }
      Files.delete(scratch);
    }
  }

  private void keep(Calibration found) throws IOException {
    var kept = new Kept(kernel, found.pages(), found.prefetch().toNanos(), found.reap().toNanos());
    Files.writeString(file(), PagerProtocol.JSON.writeValueAsString(kept));
  }

  private @Nullable Calibration read() {
    try {
      Kept kept = PagerProtocol.JSON.readValue(Files.readString(file()), Kept.class);
      return kept.kernel().equals(kernel) ? kept.calibration() : null;
    } catch (IOException | JacksonException e) {
      return null; // none yet, or half of one: it is measured again
    }
  }

  private Path file() {
    return folder.resolveSibling(FILE);
  }
}
