package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProcessWatchTest {
  @Test
  void tellsWhenAProcessEnds() throws Exception {
    Process process = new ProcessBuilder("sleep", "600").start();
    try (var watch = ProcessWatch.open()) {
      CompletableFuture<Void> exit = watch.onExit(process.pid());
      assertThat(exit).isNotDone();

      process.destroyForcibly();

      exit.get(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void processThatIsGoneHasEndedAlready() throws Exception {
    Process process = new ProcessBuilder("true").start();
    process.waitFor();
    try (var watch = ProcessWatch.open()) {
      watch.onExit(process.pid()).get(5, TimeUnit.SECONDS);
    }
  }
}
