package dev.skep.image;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * One layer that can be read now.
 *
 * @param name for messages
 * @param digest what the bytes as they are must sum to; absent when that was checked before
 * @param diffId what the uncompressed bytes must sum to, if that is known
 * @param bytes as they are, or -1
 */
record Layer(
    String name, Optional<Digest> digest, Optional<Digest> diffId, long bytes, Source source) {
  /** Opens the bytes as they are. */
  interface Source {
    InputStream open() throws IOException;
  }
}
