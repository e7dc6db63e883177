package dev.skep.sandbox;

/** How the memory of a snapshot gets to a guest that is restored from it. */
public enum Paging {
  /** The kernel pages the memory file in as the guest touches it: vanilla. */
  FILE,
  /** As {@link #FILE}; the recorded working set is read ahead while the VMM starts. */
  PREFETCH,
  /** A pager serves each page as the guest touches it. */
  LAZY,
  /** A pager installs the recorded working set first and serves the rest on demand. */
  REAP,
  /** As {@link #REAP}; what is not installed is fetched from object storage meanwhile. */
  REMOTE
}
