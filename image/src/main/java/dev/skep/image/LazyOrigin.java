package dev.skep.image;

import java.util.List;

/**
 * Where the content of a lazy image comes from; a file beside it.
 *
 * @param reference that was pulled, pinned to the manifest's digest
 * @param layers lowest first
 */
record LazyOrigin(int version, String reference, List<Source> layers) {
  static final int VERSION = 1;

  LazyOrigin {
    layers = List.copyOf(layers);
  }

  /**
   * A layer in the registry.
   *
   * @param digest of the blob, {@code sha256:...}
   * @param landmark what lies before that offset is wanted first; 0 if nothing is said
   */
  record Source(String digest, long bytes, long landmark) {}
}
