package dev.skep.image;

/** Constants of the EROFS format (Linux, {@code fs/erofs/erofs_fs.h}), for 4 KiB blocks. */
final class Erofs {
  static final int BLOCK_BYTES = 4096;
  static final int SUPERBLOCK_OFFSET = 1024;
  static final int MAGIC = 0xE0F5E1E2;
  static final int BLOCK_BITS = 12;
  static final int COMPAT_CHECKSUM = 0x1;
  static final int COMPAT_MTIME = 0x2;

  /** Unit of inode numbers. */
  static final int SLOT_BYTES = 32;

  static final int INODE_BYTES = 64;
  static final int DIRENT_BYTES = 12;

  /** {@code i_format}: a 64-byte inode, all data in blocks. */
  static final int EXTENDED_PLAIN = 1;

  /** {@code i_format}: a 64-byte inode, followed by the last part of the data. */
  static final int EXTENDED_INLINE = 1 | 2 << 1;

  private Erofs() {}

  static long blocks(long bytes) {
    return (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
  }

  static long block(long position) {
    return position / BLOCK_BYTES;
  }

  /** The file type of a directory entry. */
  static int direntType(int mode) {
    return switch (mode & FileMode.TYPE) {
      case FileMode.REGULAR -> 1;
      case FileMode.DIRECTORY -> 2;
      case FileMode.CHARACTER -> 3;
      case FileMode.BLOCK -> 4;
      case FileMode.FIFO -> 5;
      case FileMode.SYMLINK -> 7;
      default -> throw new IllegalArgumentException("mode " + Integer.toOctalString(mode));
    };
  }
}
