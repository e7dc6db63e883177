package dev.skep.control;

/** Told on the control thread. */
interface RevisionObserver {
  /** What users are told of it may have changed. */
  void changed(Revision revision);

  /** It failed before it was ever ready, and is wanted again. */
  void retry(Revision revision);
}
