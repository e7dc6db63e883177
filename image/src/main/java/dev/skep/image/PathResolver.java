package dev.skep.image;

import java.io.IOException;
import java.util.Arrays;

/** Finds folders of a tree by path, following symbolic links without ever leaving the tree. */
final class PathResolver {
  private static final int MAX_PATH = 4096;
  private static final int MAX_NAME = 255;
  private static final int MAX_LINKS = 40;

  private final FileTree tree;
  private final Inodes inodes;
  private final ByteLog log;

  /** A cleaned path: parents without dots, joined by single slashes, and the last name. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Split(byte[] parents, byte[] name) {}

  PathResolver(FileTree tree, Inodes inodes, ByteLog log) {
    this.tree = tree;
    this.inodes = inodes;
    this.log = log;
  }

  /**
   * Cleans the name of an entry or the target of a hard link. The root has an empty name. A path
   * that climbs above the root is refused: no honest tool writes one.
   */
  Split split(byte[] path) {
    if (path.length == 0 || path.length > MAX_PATH) {
      throw Invalid.entry(
          path, "a path of %d bytes, expected 1 to %d".formatted(path.length, MAX_PATH));
    }
    byte[] clean = new byte[path.length];
    int length = 0;
    for (int start = 0; start <= path.length; ) {
      int end = slash(path, start, path.length);
      int bytes = end - start;
      if (isDotDot(path, start, end)) {
        if (length == 0) {
          throw Invalid.entry(path, "climbs out of the root of the image");
        }
        length = Math.max(0, lastSlash(clean, length));
      } else if (bytes > 0 && !isDot(path, start, end)) {
        if (bytes > MAX_NAME) {
          throw Invalid.entry(path, "a name of %d bytes, at most 255 fit".formatted(bytes));
        }
        if (length > 0) {
          clean[length++] = '/';
        }
        System.arraycopy(path, start, clean, length, bytes);
        length += bytes;
      }
      start = end + 1;
    }
    int last = lastSlash(clean, length);
    return new Split(
        Arrays.copyOf(clean, Math.max(0, last)), Arrays.copyOfRange(clean, last + 1, length));
  }

  /**
   * The folder that a path leads to from the root.
   *
   * @param create makes missing folders; otherwise the answer is 0 when there is none
   */
  int directory(byte[] entry, byte[] path, boolean create) throws IOException {
    byte[] rest = path;
    int at = 0;
    int node = tree.root();
    int links = 0;
    while (at < rest.length) {
      int end = slash(rest, at, rest.length);
      byte[] name = Arrays.copyOfRange(rest, at, end);
      at = end + 1;
      if (name.length == 0 || isDot(name, 0, name.length)) {
        continue;
      }
      if (isDotDot(name, 0, name.length)) {
        node = tree.parent(node);
        continue;
      }
      int child = tree.child(node, name);
      if (child == 0) {
        if (!create) {
          return 0;
        }
        child = tree.add(node, name, inodes.add(FileMode.DIRECTORY | 0755));
      }
      int inode = tree.inode(child);
      if (inodes.is(inode, FileMode.SYMLINK)) {
        if (++links > MAX_LINKS) {
          throw Invalid.entry(entry, "more than 40 symbolic links on the way to it");
        }
        rest = target(entry, inode, rest, at);
        at = 0;
        node = rest[0] == '/' ? tree.root() : node;
      } else if (inodes.is(inode, FileMode.DIRECTORY)) {
        node = child;
      } else if (create) {
        throw Invalid.entry(entry, Printable.of(name) + " on the way to it is not a folder");
      } else {
        return 0;
      }
    }
    return node;
  }

  /** The target of a link, followed by what is left of the path. */
  private byte[] target(byte[] entry, int inode, byte[] path, int from) {
    int bytes = (int) inodes.size(inode);
    int left = Math.max(0, path.length - from);
    if (bytes + 1 + left > 4 * MAX_PATH) {
      throw Invalid.entry(entry, "the symbolic links on the way to it make too long a path");
    }
    byte[] joined = Arrays.copyOf(log.get(inodes.data(inode), bytes), bytes + 1 + left);
    joined[bytes] = '/';
    System.arraycopy(path, Math.min(from, path.length), joined, bytes + 1, left);
    return joined;
  }

  static boolean isDots(byte[] name) {
    return isDot(name, 0, name.length) || isDotDot(name, 0, name.length);
  }

  private static boolean isDot(byte[] path, int start, int end) {
    return end - start == 1 && path[start] == '.';
  }

  private static boolean isDotDot(byte[] path, int start, int end) {
    return end - start == 2 && path[start] == '.' && path[start + 1] == '.';
  }

  private static int slash(byte[] path, int from, int end) {
    int i = from;
    while (i < end && path[i] != '/') {
      i++;
    }
    return i;
  }

  private static int lastSlash(byte[] path, int length) {
    int i = length - 1;
    while (i >= 0 && path[i] != '/') {
      i--;
    }
    return i;
  }
}
