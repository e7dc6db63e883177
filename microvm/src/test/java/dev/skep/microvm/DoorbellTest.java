package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoorbellTest {
  @TempDir Path folder;

  @Test
  void ringsWhenTheAgentSaysThatItListensAndNotBefore() throws Exception {
    try (var doorbell = Doorbell.open()) {
      CompletableFuture<Long> bell = doorbell.watch(folder);
      Path console = Files.writeString(folder.resolve(VmConfig.CONSOLE), "[    0.0] Linux\n");
      assertThat(bell).isNotDone();

      Files.writeString(console, AgentClient.DOORBELL + "\n", StandardOpenOption.APPEND);

      assertThat(bell.get(5, TimeUnit.SECONDS)).isLessThanOrEqualTo(System.nanoTime());
    }
  }

  @Test
  void whoWaitsForAForgottenGuestIsReleased() {
    try (var doorbell = Doorbell.open()) {
      CompletableFuture<Long> bell = doorbell.watch(folder);

      doorbell.forget(folder);

      assertThat(bell).isCancelled();
    }
  }
}
