package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Single files of an image's EROFS file, read without mounting it: accounts, programs, folders.
 * Uncompressed images only, which is what {@link ErofsWriter} writes. For one thread.
 */
public final class RootFiles implements AutoCloseable {
  private static final int MAX_LINKS = 40;
  private static final int MAX_BYTES = 1 << 20;
  private static final int PLAIN = 0;
  private static final int INLINE = 2;

  /**
   * A file, links to it followed.
   *
   * @param mode type and permissions, as {@code stat} gives them
   */
  public record Entry(int mode, int uid, int gid, long size) {
    public boolean isDirectory() {
      return (mode & FileMode.TYPE) == FileMode.DIRECTORY;
    }

    public int permissions() {
      return mode & 07777;
    }
  }

  private record Inode(Entry entry, int layout, long blockAddress, long tail) {}

  private final Path file;
  private final FileChannel channel;
  private final long meta;
  private final long root;

  private RootFiles(Path file, FileChannel channel, long meta, long root) {
    this.file = file;
    this.channel = channel;
    this.meta = meta;
    this.root = root;
  }

  /**
   * @throws SkepException NOT_FOUND if there is no such file, INVALID if it is no EROFS
   */
  public static RootFiles open(Path file) {
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      ByteBuffer superblock = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
      channel.read(superblock, Erofs.SUPERBLOCK_OFFSET);
      if (superblock.getInt(0) != Erofs.MAGIC) {
        channel.close();
        throw new SkepException(
            Code.INVALID,
            "root image %s: begins with %08x (expected: an EROFS file)"
                .formatted(file, superblock.getInt(0)));
      }
      long meta = Integer.toUnsignedLong(superblock.getInt(40)) * Erofs.BLOCK_BYTES;
      return new RootFiles(file, channel, meta, superblock.getShort(14) & 0xffff);
    } catch (IOException e) {
      throw new SkepException(
          Code.NOT_FOUND, "root image " + file + ": cannot be read (expected: an EROFS file)", e);
    }
  }

  /** What is at the path; empty where there is nothing. */
  public Optional<Entry> find(String path) {
    return resolve(path).map(Inode::entry);
  }

  /** The text of a file of at most 1 MiB; empty where there is none. */
  public Optional<String> text(String path) {
    return resolve(path)
        .filter(inode -> (inode.entry().mode() & FileMode.TYPE) == FileMode.REGULAR)
        .map(inode -> new String(content(inode).array(), StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw broken(e);
    }
  }

  /** Links stay inside the image: its root is their root. */
  private Optional<Inode> resolve(String path) {
    Deque<String> left = new ArrayDeque<>(List.of(path.split("/", -1)));
    Deque<Inode> folders = new ArrayDeque<>(List.of(inode(root)));
    int links = 0;
    while (!left.isEmpty()) {
      String name = left.pop();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        if (folders.size() > 1) {
          folders.pop();
        }
        continue;
      }
      Optional<Inode> next = child(folders.element(), name);
      if (next.isEmpty()) {
        return next;
      }
      if ((next.get().entry().mode() & FileMode.TYPE) == FileMode.SYMLINK) {
        String target = new String(content(next.get()).array(), StandardCharsets.UTF_8);
        if (++links > MAX_LINKS) {
          return Optional.empty();
        }
        if (target.startsWith("/")) {
          folders.clear();
          folders.push(inode(root));
        }
        List.of(target.split("/", -1)).reversed().forEach(left::push);
      } else {
        folders.push(next.get());
      }
    }
    return Optional.of(folders.element());
  }

  private Optional<Inode> child(Inode folder, String name) {
    if (!folder.entry().isDirectory()) {
      return Optional.empty();
    }
    byte[] wanted = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer entries = content(folder);
    for (int block = 0; block < entries.capacity(); block += Erofs.BLOCK_BYTES) {
      long found = inBlock(entries, block, wanted);
      if (found >= 0) {
        return Optional.of(inode(found));
      }
    }
    return Optional.empty();
  }

  /** The inode's number; -1 if the name is not in this block. */
  private static long inBlock(ByteBuffer entries, int block, byte[] wanted) {
    int end = Math.min(Erofs.BLOCK_BYTES, entries.capacity() - block);
    int count = (entries.getShort(block + 8) & 0xffff) / Erofs.DIRENT_BYTES;
    for (int i = 0; i < count; i++) {
      int at = block + Erofs.DIRENT_BYTES * i;
      int from = entries.getShort(at + 8) & 0xffff;
      int to = i + 1 < count ? entries.getShort(at + Erofs.DIRENT_BYTES + 8) & 0xffff : end;
      while (to > from && entries.get(block + to - 1) == 0) {
        to--; // the last name of a block is padded
      }
      if (entries.slice(block + from, to - from).equals(ByteBuffer.wrap(wanted))) {
        return entries.getLong(at);
      }
    }
    return -1;
  }

  private Inode inode(long nid) {
    long at = meta + nid * Erofs.SLOT_BYTES;
    ByteBuffer raw = read(at, Erofs.INODE_BYTES);
    int format = raw.getShort(0) & 0xffff;
    boolean extended = (format & 1) != 0;
    int xattrs = raw.getShort(2) & 0xffff;
    long xattrBytes = xattrs == 0 ? 0 : 12 + (xattrs - 1) * 4L;
    var entry =
        new Entry(
            raw.getShort(4) & 0xffff,
            extended ? raw.getInt(24) : raw.getShort(24) & 0xffff,
            extended ? raw.getInt(28) : raw.getShort(26) & 0xffff,
            extended ? raw.getLong(8) : Integer.toUnsignedLong(raw.getInt(8)));
    long block = Integer.toUnsignedLong(raw.getInt(16));
    long inodeBytes = extended ? Erofs.INODE_BYTES : Erofs.INODE_BYTES / 2;
    return new Inode(entry, format >> 1 & 7, block, at + inodeBytes + xattrBytes);
  }

  private ByteBuffer content(Inode inode) {
    long size = inode.entry().size();
    if (size > MAX_BYTES || (inode.layout() != PLAIN && inode.layout() != INLINE)) {
      throw new SkepException(
          Code.UNSUPPORTED,
          "root image %s: a file of %d bytes in layout %d (expected: at most 1 MiB, uncompressed)"
              .formatted(file, size, inode.layout()));
    }
    int inBlocks =
        inode.layout() == INLINE
            ? (int) (size / Erofs.BLOCK_BYTES * Erofs.BLOCK_BYTES)
            : (int) size;
    ByteBuffer content = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    content.put(read(inode.blockAddress() * Erofs.BLOCK_BYTES, inBlocks));
    content.put(read(inode.tail(), (int) size - inBlocks));
    return content.clear();
  }

  private ByteBuffer read(long position, int bytes) {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    try {
      while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) > 0) {}
    } catch (IOException e) {
      throw broken(e);
    }
    return buffer.clear();
  }

  private SkepException broken(IOException e) {
    return new SkepException(
        Code.INTERNAL, "root image " + file + ": cannot be read: " + e.getMessage(), e);
  }
}
