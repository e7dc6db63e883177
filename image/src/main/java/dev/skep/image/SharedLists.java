package dev.skep.image;

import dev.skep.api.SkepException;
import java.util.Optional;

/**
 * Where hosts share the lists of what a start reads of a lazy image. Calls may block for as long as
 * the place takes; who must not wait asks on another thread. Thread-safe.
 */
public interface SharedLists {
  /**
   * The list of that image, as somebody has stored it: not verified.
   *
   * @param imageDigest of its manifest
   * @throws SkepException INVALID if it is larger than that, UNAVAILABLE or FORBIDDEN if nobody
   *     knows whether there is one
   */
  Optional<byte[]> find(String imageDigest, int mostBytes);

  /**
   * Stores the list of that image, unless there is one.
   *
   * @throws SkepException UNAVAILABLE or FORBIDDEN if it is not stored
   */
  void share(String imageDigest, byte[] list);
}
