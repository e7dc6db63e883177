package dev.skep.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Lays out and writes all that is not file content: first the blocks of large directories, then the
 * inodes in the order of a walk, each followed by its attributes and its last part of data.
 */
final class ErofsMetadata {
  private final FileTree tree;
  private final Inodes inodes;
  private final ByteLog log;
  private final ErofsDirectory directories;
  private final SiblingSort sort;

  /** Bytes of the inode area; 0 would make the root inode number 0, which readers skip. */
  private long areaBytes = Erofs.INODE_BYTES;

  private long nextBlock;
  private long inodeCount;

  ErofsMetadata(FileTree tree, Inodes inodes, ByteLog log) throws IOException {
    this.tree = tree;
    this.inodes = inodes;
    this.log = log;
    this.sort = new SiblingSort(tree);
    this.directories = new ErofsDirectory(tree, inodes, log);
  }

  /** What the superblock says of the rest. */
  record Layout(long metaBlock, long blocks, int rootNid, long inodes) {}

  Layout write(BlockFile file, long firstBlock) throws IOException {
    nextBlock = firstBlock;
    for (int node = tree.root(); node != 0; node = tree.following(node)) {
      place(node);
    }
    long metaBlock = nextBlock;
    long blocks = metaBlock + Erofs.blocks(areaBytes);
    try (BlockFile.Region data = file.region(firstBlock * Erofs.BLOCK_BYTES);
        BlockFile.Region area = file.region(metaBlock * Erofs.BLOCK_BYTES)) {
      int last = 0;
      for (int node = tree.root(); node != 0; node = tree.following(node)) {
        int inode = tree.inode(node);
        if (inodes.nid(inode) > last) {
          last = inodes.nid(inode);
          emit(node, inode, data, area);
        }
      }
    }
    file.size(blocks * Erofs.BLOCK_BYTES);
    return new Layout(metaBlock, blocks, inodes.nid(tree.inode(tree.root())), inodeCount);
  }

  private void place(int node) throws IOException {
    int inode = tree.inode(node);
    if (inodes.nid(inode) != 0) {
      return;
    }
    inodeCount++;
    if (tree.isDirectory(node)) {
      sort.children(node);
      inodes.links(inode, 2 + subdirectories(node));
      inodes.data(inode, 0, directories.size(node));
    }
    int fixed = Erofs.INODE_BYTES + inodes.xattrBytes(inode);
    int tail = hasInlineTail(inode) ? (int) (inodes.size(inode) % Erofs.BLOCK_BYTES) : 0;
    boolean inline = tail > 0 && fixed + tail <= Erofs.BLOCK_BYTES;
    int whole = inline ? fixed + tail : fixed;
    // The tail must not cross a block, nor should the inode itself.
    int together = inline ? whole : Erofs.INODE_BYTES;
    long room = Erofs.BLOCK_BYTES - areaBytes % Erofs.BLOCK_BYTES;
    if (together > room) {
      areaBytes += room;
    }
    inodes.place(inode, Math.toIntExact(areaBytes / Erofs.SLOT_BYTES), inline);
    areaBytes = areaBytes + whole + Erofs.SLOT_BYTES - 1 & -Erofs.SLOT_BYTES;
    allocate(node, inode, inline);
  }

  private boolean hasInlineTail(int inode) {
    return inodes.is(inode, FileMode.DIRECTORY) || inodes.is(inode, FileMode.SYMLINK);
  }

  private void allocate(int node, int inode, boolean inline) {
    long size = inodes.size(inode);
    long blocks = inline ? size / Erofs.BLOCK_BYTES : Erofs.blocks(size);
    if (tree.isDirectory(node)) {
      inodes.data(inode, blocks == 0 ? 0 : nextBlock, size);
    }
    if (hasInlineTail(inode)) {
      nextBlock += blocks;
    }
  }

  private int subdirectories(int node) {
    int count = 0;
    for (int child = tree.firstChild(node); child != 0; child = tree.next(child)) {
      count += tree.isDirectory(child) ? 1 : 0;
    }
    return count;
  }

  private void emit(int node, int inode, BlockFile.Region data, BlockFile.Region area)
      throws IOException {
    area.skipTo(Integer.toUnsignedLong(inodes.nid(inode)) * Erofs.SLOT_BYTES);
    boolean symlink = inodes.is(inode, FileMode.SYMLINK);
    boolean inline = inodes.inline(inode);
    long block = symlink ? inline ? 0 : data.block() : inodes.data(inode);
    byte[] encoded = encode(inode, block);
    area.write(encoded, encoded.length);
    if (inodes.xattrBytes(inode) > 0) {
      area.write(log.get(inodes.xattrs(inode), inodes.xattrBytes(inode)), inodes.xattrBytes(inode));
    }
    if (symlink) {
      byte[] target = log.get(inodes.data(inode), (int) inodes.size(inode));
      (inline ? area : data).write(target, target.length);
    } else if (inodes.is(inode, FileMode.DIRECTORY)) {
      directories.write(
          node,
          (bytes, length) ->
              (inline && length < Erofs.BLOCK_BYTES ? area : data).write(bytes, length));
    }
    data.fillBlock();
  }

  private byte[] encode(int inode, long block) {
    int mode = inodes.mode(inode);
    int xattrs = inodes.xattrBytes(inode);
    int type = mode & FileMode.TYPE;
    boolean device = type == FileMode.CHARACTER || type == FileMode.BLOCK;
    ByteBuffer out = ByteBuffer.allocate(Erofs.INODE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.putShort((short) (inodes.inline(inode) ? Erofs.EXTENDED_INLINE : Erofs.EXTENDED_PLAIN));
    out.putShort((short) (xattrs == 0 ? 0 : (xattrs - ErofsXattrs.HEADER_BYTES) / 4 + 1));
    out.putShort((short) mode).putShort((short) 0);
    out.putLong(inodes.size(inode));
    out.putInt(device ? inodes.device(inode) : (int) block);
    out.putInt(inodes.nid(inode));
    out.putInt(inodes.uid(inode)).putInt(inodes.gid(inode));
    out.putLong(inodes.mtime(inode)).putInt(inodes.mtimeNanos(inode));
    out.putInt(inodes.links(inode));
    return out.array();
  }
}
