package dev.skep.microvm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One running virtual machine. Safe for use by several threads. */
interface Vm {
  /** Process id of the VMM. */
  long pid();

  /** Stops all virtual CPUs; idempotent. */
  void pause();

  /** Undoes {@link #pause}; idempotent. */
  void resume();

  boolean paused();

  /**
   * Writes memory and state of a running machine into the folder, under the names of {@link
   * dev.skep.snapshot.SnapshotFiles}, without waiting for the disk. The machine runs again
   * afterwards, also when this fails.
   *
   * @return how long its CPUs stood still
   */
  Duration save(Path folder);

  /** Ends it at once, without asking the guest; idempotent. */
  void kill();

  /**
   * Completes when the VMM's process has ended, with what is known of why: {@code ended}, {@code
   * killed by signal 9}, or its own words where it said why.
   */
  CompletableFuture<String> onExit();

  /**
   * Why it ended, if it has or does within a second, which tells more than a broken connection;
   * else what is given.
   */
  default String lastWords(String otherwise) {
    try {
      return onExit().get(1, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return otherwise;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return otherwise;
    }
  }
}
