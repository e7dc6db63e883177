package dev.skep.image;

/** File types of {@code st_mode}. */
final class FileMode {
  static final int TYPE = 0170000;
  static final int FIFO = 0010000;
  static final int CHARACTER = 0020000;
  static final int DIRECTORY = 0040000;
  static final int BLOCK = 0060000;
  static final int REGULAR = 0100000;
  static final int SYMLINK = 0120000;

  private FileMode() {}
}
