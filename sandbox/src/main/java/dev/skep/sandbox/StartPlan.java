package dev.skep.sandbox;

import java.nio.file.Path;

/** How a sandbox is to be started. */
public sealed interface StartPlan {
  /** From nothing: kernel, agent, process. */
  record Boot() implements StartPlan {}

  /**
   * From a snapshot of a sandbox with the same {@link SandboxRuntime#snapshotKey}.
   *
   * @param snapshot a folder that {@link Sandbox#snapshot} has filled; it is never written, except
   *     for the working set
   * @param paging those that need a working set find it in the folder
   * @param record whether the pages that are touched are noted, for {@link Sandbox#recordTo}; only
   *     with {@link Paging#LAZY}
   */
  record Restore(Path snapshot, Paging paging, boolean record) implements StartPlan {
    public Restore {
      if (record && paging != Paging.LAZY) {
        throw new IllegalArgumentException(
            "recording with " + paging + " (expected: LAZY, which sees every first touch)");
      }
    }
  }
}
