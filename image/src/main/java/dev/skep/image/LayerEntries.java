package dev.skep.image;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What one layer holds, in the layer's order: a tar, or its table of contents. */
interface LayerEntries {
  /** The next entry, or null at the end. */
  @Nullable TarEntry next() throws IOException;

  /**
   * Gives the content of the current entry, once.
   *
   * @param inode that the file has become
   */
  void content(int inode, TarReader.Content to) throws IOException;
}
