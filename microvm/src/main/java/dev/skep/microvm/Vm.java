package dev.skep.microvm;

import java.util.concurrent.CompletableFuture;

/** One running virtual machine. Safe for use by several threads. */
interface Vm {
  /** Process id of the VMM. */
  long pid();

  /** Stops all virtual CPUs; idempotent. */
  void pause();

  /** Undoes {@link #pause}; idempotent. */
  void resume();

  boolean paused();

  /** Ends it at once, without asking the guest; idempotent. */
  void kill();

  /**
   * Completes when the VMM's process has ended, with what is known of why: {@code ended}, {@code
   * killed by signal 9}, or its own words where it said why.
   */
  CompletableFuture<String> onExit();
}
