package dev.skep.workload;

import dev.skep.api.SkepException;
import java.nio.file.Path;

/**
 * File systems of a fixed size, each in a file of that size. The caller sees to it that nobody else
 * does anything with the same one.
 */
interface Disks {
  /**
   * Sees to it that there is room for so much more.
   *
   * @throws SkepException EXHAUSTED where the host's disk has not so much to spare
   */
  void spare(long bytes);

  /**
   * Makes an empty one, whole or not at all, with all of its space set aside.
   *
   * @throws SkepException EXHAUSTED where the host's disk has not so much to spare; any other where
   *     the host has no such file systems
   */
  void make(Path image, long bytes);

  /** Its bytes; until a growth is whole, those that it had before. */
  long size(Path image);

  /** Whether it can be reached at the folder. */
  boolean isOpen(Path folder);

  /**
   * Lets it be reached at the folder, which is there. What a host or daemon that died has left half
   * done is repaired first, so that it may take a while.
   *
   * @throws SkepException INTERNAL where it is damaged beyond that; it is as it was then
   */
  void open(Path image, Path folder);

  /** The folder is empty from now on; who still uses what was there may go on. */
  void close(Path folder);

  /**
   * Makes one that is closed larger, wholly or not at all. Takes as long as to copy and to check
   * all of it, and while it does, the space of both.
   *
   * @throws SkepException CONFLICT where somebody still uses it, EXHAUSTED where the host's disk
   *     has not so much to spare
   */
  void grow(Path image, long bytes);

  /** Removes one that is closed; idempotent. */
  void delete(Path image);
}
