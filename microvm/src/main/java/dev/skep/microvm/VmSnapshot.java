package dev.skep.microvm;

import java.nio.file.Path;

/**
 * What a machine is restored from.
 *
 * @param drive the image of the guest that was saved
 * @param state of CPUs and devices, as {@link Vm#save} wrote it
 */
record VmSnapshot(Path drive, Path state, Memory memory) {
  /** Where the guest's memory comes from. */
  sealed interface Memory {
    /** Mapped privately: the kernel pages the file in, and clones share its pages. */
    record Mapped(Path file) implements Memory {}

    /**
     * Served by the pager.
     *
     * @param socket name of the socket in the machine's folder at which it listens
     */
    record Paged(String socket) implements Memory {}
  }
}
