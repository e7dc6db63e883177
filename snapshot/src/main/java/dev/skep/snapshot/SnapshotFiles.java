package dev.skep.snapshot;

/** Names of the files in a snapshot's folder. */
public final class SnapshotFiles {
  /** The guest's memory, byte for byte; holes are zero pages. */
  public static final String MEMORY = "memory";

  /** State of CPUs and devices, in the VMM's own format. */
  public static final String STATE = "state";

  /** The recorded {@link WorkingSet}. */
  public static final String WORKING_SET = "working-set";

  /** Its pages back to back, in its order: one read fetches them. */
  public static final String WORKING_SET_PAGES = "working-set.pages";

  /**
   * Which chunks of the memory are still to come from where the snapshot was fetched: {@link
   * Chunks}.
   */
  public static final String ABSENT = "memory.absent";

  /** Where it was fetched from, in the words of who fetched it; it stays. */
  public static final String ORIGIN = "origin.json";

  /** There for as long as the memory file is laid out anew: {@link Prefetch#layOut}. */
  public static final String SCRATCH = "memory.scratch";

  /** Written last: with it, the snapshot is there. */
  public static final String MANIFEST = "manifest.json";

  private SnapshotFiles() {}
}
