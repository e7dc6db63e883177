package dev.skep.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The content of one directory: blocks of entries that are sorted by name over the whole directory,
 * each block with its entries first and their names behind.
 */
final class ErofsDirectory {
  /** Receives the blocks; the last one may be shorter. */
  interface Blocks {
    void block(byte[] bytes, int length) throws IOException;
  }

  private static final int MAX_ENTRIES = Erofs.BLOCK_BYTES / (Erofs.DIRENT_BYTES + 1);
  private static final byte[] SELF = {'.'};
  private static final byte[] PARENT = {'.', '.'};

  private final FileTree tree;
  private final Inodes inodes;
  private final ByteLog log;
  private final byte[] block = new byte[Erofs.BLOCK_BYTES];
  private final byte[] names = new byte[Erofs.BLOCK_BYTES];
  private final int[] inodeOf = new int[MAX_ENTRIES];
  private final int[] nameEnd = new int[MAX_ENTRIES];
  private final long dots;
  private int entries;
  private int nameBytes;

  ErofsDirectory(FileTree tree, Inodes inodes, ByteLog log) throws IOException {
    this.tree = tree;
    this.inodes = inodes;
    this.log = log;
    this.dots = log.add(PARENT);
  }

  /** Bytes of a directory whose children are sorted. */
  long size(int directory) throws IOException {
    long[] size = {0};
    write(directory, (_, length) -> size[0] = Erofs.blocks(size[0]) * Erofs.BLOCK_BYTES + length);
    return size[0];
  }

  void write(int directory, Blocks to) throws IOException {
    int pendingDots = 2;
    for (int child = tree.firstChild(directory); child != 0; child = tree.next(child)) {
      while (pendingDots > 0 && isAfterDots(child, pendingDots)) {
        addDots(directory, pendingDots--, to);
      }
      reserve(tree.nameBytes(child), to);
      log.copy(tree.name(child), tree.nameBytes(child), names, nameBytes);
      add(tree.inode(child), tree.nameBytes(child));
    }
    while (pendingDots > 0) {
      addDots(directory, pendingDots--, to);
    }
    flush(false, to);
  }

  private boolean isAfterDots(int child, int pendingDots) {
    int length = pendingDots == 2 ? SELF.length : PARENT.length;
    return log.compare(tree.name(child), tree.nameBytes(child), dots, length) > 0;
  }

  private void addDots(int directory, int pendingDots, Blocks to) throws IOException {
    boolean self = pendingDots == 2;
    byte[] name = self ? SELF : PARENT;
    reserve(name.length, to);
    System.arraycopy(name, 0, names, nameBytes, name.length);
    add(tree.inode(self ? directory : tree.parent(directory)), name.length);
  }

  private void reserve(int bytes, Blocks to) throws IOException {
    if ((entries + 1) * Erofs.DIRENT_BYTES + nameBytes + bytes > Erofs.BLOCK_BYTES) {
      flush(true, to);
    }
  }

  private void add(int inode, int bytes) {
    inodeOf[entries] = inode;
    nameBytes += bytes;
    nameEnd[entries] = nameBytes;
    entries++;
  }

  private void flush(boolean full, Blocks to) throws IOException {
    int namesAt = entries * Erofs.DIRENT_BYTES;
    ByteBuffer out = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < entries; i++) {
      int inode = inodeOf[i];
      out.putLong(Integer.toUnsignedLong(inodes.nid(inode)));
      out.putShort((short) (namesAt + (i == 0 ? 0 : nameEnd[i - 1])));
      out.put((byte) Erofs.direntType(inodes.mode(inode)));
      out.put((byte) 0);
    }
    out.put(names, 0, nameBytes);
    int used = out.position();
    while (out.hasRemaining()) {
      out.put((byte) 0);
    }
    entries = 0;
    nameBytes = 0;
    to.block(block, full ? Erofs.BLOCK_BYTES : used);
  }
}
