package dev.skep.snapshot;

/** Snapshots that hosts share by way of object storage. Thread-safe. */
public interface RemoteSnapshots {
  /** Whether a snapshot could be had. */
  sealed interface Found {
    /** The local store has it now; of its memory, perhaps nothing yet. */
    record Here() implements Found {}

    /**
     * @param reason for people: what was found instead, and expected
     */
    record NotHere(String reason) implements Found {}
  }

  /**
   * Looks for a snapshot of the key that the local store has not, and brings all of it but its
   * memory. Blocks for two seconds at most, and some more once there is one. Never throws: what
   * goes wrong is a reason.
   *
   * @param imageDigest of the image of the start that asks
   * @param vmm of this host, for the reason
   */
  Found bring(SnapshotKey key, String imageDigest, String vmm);

  /** A local snapshot is there, or has got a working set: it will be uploaded. Returns at once. */
  void published(String id);

  /** What there is of the key does not work here: it is not brought again, but replaced. */
  void distrust(SnapshotKey key);

  /** There are none. */
  RemoteSnapshots NONE =
      new RemoteSnapshots() {
        @Override
        public Found bring(SnapshotKey key, String imageDigest, String vmm) {
          return new Found.NotHere("");
        }

        @Override
        public void published(String id) {}

        @Override
        public void distrust(SnapshotKey key) {}
      };
}
