package dev.skep.snapshot.pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Userfaultfd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CalibratorTest {
  private static final Calibration FOUND =
      new Calibration(2000, Duration.ofMillis(9), Duration.ofMillis(10));

  @TempDir Path state;
  private final AtomicInteger measurements = new AtomicInteger();
  private Path snapshots;

  @BeforeEach
  void folder() throws IOException {
    snapshots = Files.createDirectory(state.resolve("snapshots"));
  }

  @Test
  void measuresOnceForAllDaemonsOfOneKernel() throws IOException {
    Calibrator first = calibrator("6.1", _ -> FOUND);
    assertThat(first.known()).isEmpty();
    first.begin();
    first.begin();
    await().until(() -> first.known().isPresent());
    await().untilAsserted(() -> assertThat(state.resolve("calibration.json")).isNotEmptyFile());
    assertThat(first.known()).contains(FOUND);
    assertThat(calibrator("6.1", _ -> FOUND).known()).contains(FOUND);
    assertThat(calibrator("6.2", _ -> FOUND).known()).isEmpty();
    assertThat(measurements).hasValue(1);
    await().untilAsserted(() -> assertThat(snapshots).isEmptyDirectory());
  }

  @Test
  void aHostThatCannotBeMeasuredIsTriedOnce() {
    Calibrator calibrator =
        calibrator(
            "6.1",
            _ -> {
              throw new SkepException(Code.EXHAUSTED, "the disk is full");
            });
    calibrator.begin();
    await().untilAsserted(() -> assertThat(measurements).hasValue(1));
    await().untilAsserted(() -> assertThat(snapshots).isEmptyDirectory());
    calibrator.begin();
    assertThat(calibrator.known()).isEmpty();
    assertThat(measurements).hasValue(1);
  }

  @Test
  void whatAKilledDaemonLeftIsNoHindrance() throws IOException {
    Path scratch = Files.createDirectory(snapshots.resolve("calibration"));
    Files.writeString(scratch.resolve("memory"), "half");
    Files.writeString(state.resolve("calibration.json"), "{\"kernel\":");
    Calibrator calibrator = calibrator("6.1", _ -> FOUND);
    assertThat(calibrator.known()).isEmpty();
    calibrator.begin();
    await().untilAsserted(() -> assertThat(calibrator.known()).contains(FOUND));
  }

  @Test
  @Tag("integration")
  void measuresThisHost() {
    Assumptions.assumeTrue(Userfaultfd.usable(), "this process may have no userfaultfd");
    Calibration found = Calibration.measure(snapshots);
    assertThat(found.prefetch()).isBetween(Duration.ofNanos(100_000), Duration.ofSeconds(10));
    assertThat(found.reap()).isBetween(Duration.ofNanos(100_000), Duration.ofSeconds(10));
  }

  private Calibrator calibrator(String kernel, Function<Path, Calibration> measure) {
    return new Calibrator(
        snapshots,
        kernel,
        folder -> {
          measurements.incrementAndGet();
          return measure.apply(folder);
        });
  }
}
