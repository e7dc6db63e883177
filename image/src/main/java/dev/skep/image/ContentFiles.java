package dev.skep.image;

import dev.skep.api.SkepException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** Files by path: a folder, or an archive of one. Paths come from images and cannot leave it. */
interface ContentFiles extends Closeable {
  /** Documents larger than this are refused. */
  int MAX_DOCUMENT = 8 << 20;

  /** What it is, for messages. */
  String name();

  /** Bytes of a file; empty when there is no such file. */
  Optional<Long> size(String path) throws IOException;

  InputStream open(String path) throws IOException;

  /** A whole small file. */
  default byte[] document(String path) throws IOException {
    long size = size(path).orElseThrow(() -> missing(path));
    if (size > MAX_DOCUMENT) {
      throw Invalid.image(
          "%s: %s has %d bytes, at most %d are read".formatted(name(), path, size, MAX_DOCUMENT));
    }
    try (InputStream in = open(path)) {
      return in.readNBytes((int) size);
    }
  }

  default SkepException missing(String path) {
    return Invalid.image(name() + ": has no file " + Printable.of(path));
  }
}
