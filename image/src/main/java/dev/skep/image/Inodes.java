package dev.skep.image;

import java.io.IOException;

/** The inodes of one image in the making. */
final class Inodes {
  private static final int MODE = 0;
  private static final int UID = 4;
  private static final int GID = 8;
  private static final int LINKS = 12;
  private static final int MTIME = 16;
  private static final int MTIME_NANOS = 24;
  private static final int DEVICE = 28;
  private static final int SIZE = 32;
  private static final int DATA = 40;
  private static final int XATTRS = 48;
  private static final int XATTR_BYTES = 56;
  private static final int NID = 60;
  private static final int INLINE = 64;
  private static final int BYTES = 72;

  private final RecordTable table;

  Inodes(ScratchFile file) throws IOException {
    table = new RecordTable(file, BYTES);
  }

  int add(int mode) throws IOException {
    int inode = table.add();
    table.putInt(inode, MODE, mode);
    return inode;
  }

  int end() {
    return table.end();
  }

  int mode(int inode) {
    return table.getInt(inode, MODE);
  }

  boolean is(int inode, int type) {
    return (mode(inode) & FileMode.TYPE) == type;
  }

  void attributes(int inode, TarEntry entry) {
    table.putInt(inode, MODE, (mode(inode) & FileMode.TYPE) | entry.permissions());
    table.putInt(inode, UID, entry.uid());
    table.putInt(inode, GID, entry.gid());
    table.putLong(inode, MTIME, entry.mtime());
    table.putInt(inode, MTIME_NANOS, entry.mtimeNanos());
  }

  int uid(int inode) {
    return table.getInt(inode, UID);
  }

  int gid(int inode) {
    return table.getInt(inode, GID);
  }

  /** Names of a file; for a directory set when the image is laid out. */
  int links(int inode) {
    return table.getInt(inode, LINKS);
  }

  void links(int inode, int links) {
    table.putInt(inode, LINKS, links);
  }

  long mtime(int inode) {
    return table.getLong(inode, MTIME);
  }

  int mtimeNanos(int inode) {
    return table.getInt(inode, MTIME_NANOS);
  }

  /** In the encoding of the kernel's {@code new_encode_dev}. */
  int device(int inode) {
    return table.getInt(inode, DEVICE);
  }

  void device(int inode, int major, int minor) {
    table.putInt(inode, DEVICE, (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12));
  }

  long size(int inode) {
    return table.getLong(inode, SIZE);
  }

  /** First block of a file or directory; address in the byte log of a symbolic link's target. */
  long data(int inode) {
    return table.getLong(inode, DATA);
  }

  void data(int inode, long data, long size) {
    table.putLong(inode, DATA, data);
    table.putLong(inode, SIZE, size);
  }

  long xattrs(int inode) {
    return table.getLong(inode, XATTRS);
  }

  int xattrBytes(int inode) {
    return table.getInt(inode, XATTR_BYTES);
  }

  void xattrs(int inode, long address, int bytes) {
    table.putLong(inode, XATTRS, address);
    table.putInt(inode, XATTR_BYTES, bytes);
  }

  /** Place of the inode in units of 32 bytes; 0 until laid out. */
  int nid(int inode) {
    return table.getInt(inode, NID);
  }

  void place(int inode, int nid, boolean inline) {
    table.putInt(inode, NID, nid);
    table.putInt(inode, INLINE, inline ? 1 : 0);
  }

  /** Whether the last part of the data follows the inode. */
  boolean inline(int inode) {
    return table.getInt(inode, INLINE) != 0;
  }
}
