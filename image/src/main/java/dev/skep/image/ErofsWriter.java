package dev.skep.image;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * Writes one image: uncompressed, content in whole blocks, the same bytes for the same layers on
 * every machine. Content goes to the file while the layers stream by; names and attributes wait in
 * a scratch file and are written last. One thread only.
 */
final class ErofsWriter implements Closeable {
  /** Part of every image's key: raise it whenever the bytes for the same layers change. */
  static final int FORMAT = 2;

  private final FileChannel channel;
  private final ScratchFile scratch;
  private final ByteLog log;
  private final Inodes inodes;
  private final FileTree tree;
  private final ErofsData data;
  private final LayerApplier applier;

  private ErofsWriter(FileChannel channel, ScratchFile scratch, long maxBytes, boolean placesOnly)
      throws IOException {
    this.channel = channel;
    this.scratch = scratch;
    log = new ByteLog(scratch);
    inodes = new Inodes(scratch);
    tree = new FileTree(scratch, log, inodes);
    data = new ErofsData(channel, maxBytes, placesOnly);
    applier = new LayerApplier(tree, inodes, log, data);
  }

  /** Begins a new file in a folder; the scratch file lies beside it. */
  static ErofsWriter create(Path folder, String name, long maxBytes) throws IOException {
    return create(folder, name, maxBytes, false);
  }

  /**
   * The same, but content is left out: what is written is all else, where it would be, and the
   * places of the content are told by {@link #place}.
   */
  static ErofsWriter withoutContent(Path folder, String name, long maxBytes) throws IOException {
    return create(folder, name, maxBytes, true);
  }

  private static ErofsWriter create(Path folder, String name, long maxBytes, boolean placesOnly)
      throws IOException {
    ScratchFile scratch = ScratchFile.in(folder);
    try {
      return new ErofsWriter(
          FileChannel.open(
              folder.resolve(name),
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.CREATE_NEW),
          scratch,
          maxBytes,
          placesOnly);
    } catch (IOException | RuntimeException e) {
      scratch.close();
      throw e;
    }
  }

  /** Applies the next layer, an uncompressed tar, over those before. Reads it to its end. */
  void apply(InputStream tar) throws IOException {
    apply(new TarReader(tar));
  }

  /** Applies the next layer over those before. */
  void apply(LayerEntries layer) throws IOException {
    applier.apply(layer);
  }

  /** Where the content of a file begins in the finished image, in bytes; -1 if it was removed. */
  long place(int inode) {
    return inodes.links(inode) == 0 ? -1 : inodes.data(inode) * Erofs.BLOCK_BYTES;
  }

  /**
   * Completes the image; it is not forced to disk.
   *
   * @param uuid 16 bytes
   */
  void finish(byte[] uuid) throws IOException {
    data.compact(inodes);
    ErofsMetadata.Layout layout =
        new ErofsMetadata(tree, inodes, log).write(new BlockFile(channel), data.endBlock());
    ByteBuffer first = superblock(layout, uuid);
    while (first.hasRemaining()) {
      channel.write(first, first.position());
    }
  }

  private static ByteBuffer superblock(ErofsMetadata.Layout layout, byte[] uuid) {
    ByteBuffer block = ByteBuffer.allocate(Erofs.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    block.position(Erofs.SUPERBLOCK_OFFSET);
    block.putInt(Erofs.MAGIC).putInt(0);
    block.putInt(Erofs.COMPAT_CHECKSUM | Erofs.COMPAT_MTIME);
    block.put((byte) Erofs.BLOCK_BITS).put((byte) 0);
    block.putShort((short) layout.rootNid());
    block.putLong(layout.inodes());
    block.putLong(0).putInt(0);
    block.putInt((int) layout.blocks()).putInt((int) layout.metaBlock()).putInt(0);
    block.put(uuid);
    CRC32C crc = new CRC32C();
    crc.update(block.array(), Erofs.SUPERBLOCK_OFFSET, Erofs.BLOCK_BYTES - Erofs.SUPERBLOCK_OFFSET);
    // The kernel leaves out the last inversion of CRC-32C.
    block.putInt(Erofs.SUPERBLOCK_OFFSET + 4, ~(int) crc.getValue());
    return block.rewind();
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      scratch.close();
    }
  }
}
