package dev.skep.image;

import java.util.List;

/**
 * The header of one file in a tar stream, with the GNU and PAX extensions applied. Names are bytes:
 * what an image holds need not be UTF-8.
 *
 * @param size of the file when read, holes included
 * @param permissions the twelve low bits of the mode
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; copies would cost what the record saves
record TarEntry(
    Type type,
    byte[] name,
    byte[] linkName,
    long size,
    int permissions,
    int uid,
    int gid,
    long mtime,
    int mtimeNanos,
    int deviceMajor,
    int deviceMinor,
    List<Xattr> xattrs) {
  enum Type {
    REGULAR,
    HARD_LINK,
    SYMLINK,
    CHARACTER,
    BLOCK,
    DIRECTORY,
    FIFO
  }
}
