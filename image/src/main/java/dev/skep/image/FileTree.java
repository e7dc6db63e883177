package dev.skep.image;

import java.io.IOException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Names of one image in the making: a tree of nodes, each with an inode. Nodes are numbers; 0 is
 * none. No operation recurses or walks the whole tree, so depth and width are bounded by disk only.
 */
final class FileTree {
  private static final int PARENT = 0;
  private static final int INODE = 4;
  private static final int NAME = 8;
  private static final int NAME_BYTES = 16;
  private static final int NEXT = 20;
  private static final int PREVIOUS = 24;
  private static final int FIRST_CHILD = 28;
  private static final int HASH = 32;
  private static final int HASH_NEXT = 36;
  private static final int LAYER = 40;
  private static final int BYTES = 44;
  private static final int MAX_BUCKETS = 1 << 20;

  private final RecordTable table;
  private final ByteLog log;
  private final Inodes inodes;
  private final int root;

  /** An image cannot know which names collide; the order of the output never depends on it. */
  private final long seed = ThreadLocalRandom.current().nextLong();

  private int[] buckets = new int[1 << 12];
  private int named;
  private int free;

  FileTree(ScratchFile file, ByteLog log, Inodes inodes) throws IOException {
    table = new RecordTable(file, BYTES);
    this.log = log;
    this.inodes = inodes;
    root = table.add();
    table.putInt(root, PARENT, root);
    table.putInt(root, INODE, inodes.add(FileMode.DIRECTORY | 0755));
  }

  /** The root is its own parent. */
  int root() {
    return root;
  }

  int parent(int node) {
    return table.getInt(node, PARENT);
  }

  int inode(int node) {
    return table.getInt(node, INODE);
  }

  int next(int node) {
    return table.getInt(node, NEXT);
  }

  int firstChild(int node) {
    return table.getInt(node, FIRST_CHILD);
  }

  long name(int node) {
    return table.getLong(node, NAME);
  }

  int nameBytes(int node) {
    return table.getInt(node, NAME_BYTES);
  }

  boolean isDirectory(int node) {
    return inodes.is(inode(node), FileMode.DIRECTORY);
  }

  /** The last layer that named this node or something below it. */
  int layer(int node) {
    return table.getInt(node, LAYER);
  }

  void touch(int node, int layer) {
    for (int n = node; layer(n) != layer; n = parent(n)) {
      table.putInt(n, LAYER, layer);
    }
  }

  int child(int directory, byte[] name) {
    int hash = hash(directory, name);
    int node = buckets[hash & buckets.length - 1];
    while (node != 0 && !isNamed(node, hash, directory, name)) {
      node = table.getInt(node, HASH_NEXT);
    }
    return node;
  }

  /** Adds a name that is not there yet. */
  int add(int directory, byte[] name, int inode) throws IOException {
    int node = free;
    if (node == 0) {
      node = table.add();
    } else {
      free = next(node);
    }
    table.putInt(node, PARENT, directory);
    table.putInt(node, INODE, inode);
    table.putLong(node, NAME, log.add(name));
    table.putInt(node, NAME_BYTES, name.length);
    table.putInt(node, FIRST_CHILD, 0);
    table.putInt(node, HASH, hash(directory, name));
    table.putInt(node, LAYER, 0);
    inodes.links(inode, inodes.links(inode) + 1);
    linkSibling(directory, node);
    linkHash(node);
    return node;
  }

  /** Removes a name and all below it. */
  void remove(int node) {
    int n = node;
    while (true) {
      int child = firstChild(n);
      if (child != 0) {
        n = child;
        continue;
      }
      int parent = parent(n);
      unlinkSibling(parent, n);
      unlinkHash(n);
      inodes.links(inode(n), inodes.links(inode(n)) - 1);
      table.putInt(n, NEXT, free);
      free = n;
      if (n == node) {
        return;
      }
      n = parent;
    }
  }

  /** The node after this one in a walk from the root, parents first; 0 at the end. */
  int following(int node) {
    return following(node, root);
  }

  /** The same within the tree below {@code top}. */
  int following(int node, int top) {
    int child = firstChild(node);
    return child != 0 ? child : followingSibling(node, top);
  }

  /** Leaves out what is below the node. */
  int followingSibling(int node, int top) {
    for (int n = node; n != top; n = parent(n)) {
      if (next(n) != 0) {
        return next(n);
      }
    }
    return 0;
  }

  /** Whether the name of {@code a} is before that of {@code b}, in the order of their bytes. */
  boolean isBefore(int a, int b) {
    return log.compare(name(a), nameBytes(a), name(b), nameBytes(b)) < 0;
  }

  /** For sorting; afterwards nothing may be removed: the links backwards stay as they were. */
  void next(int node, int next) {
    table.putInt(node, NEXT, next);
  }

  /** For sorting. */
  void firstChild(int directory, int child) {
    table.putInt(directory, FIRST_CHILD, child);
  }

  private boolean isNamed(int node, int hash, int directory, byte[] name) {
    return table.getInt(node, HASH) == hash
        && parent(node) == directory
        && log.equals(name(node), nameBytes(node), name);
  }

  private int hash(int directory, byte[] name) {
    long hash = seed + directory;
    for (byte b : name) {
      hash = (hash ^ b) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 29;
    }
    return (int) (hash ^ hash >>> 32);
  }

  private void linkSibling(int directory, int node) {
    int first = firstChild(directory);
    table.putInt(node, NEXT, first);
    table.putInt(node, PREVIOUS, 0);
    if (first != 0) {
      table.putInt(first, PREVIOUS, node);
    }
    table.putInt(directory, FIRST_CHILD, node);
  }

  private void unlinkSibling(int directory, int node) {
    int next = next(node);
    int previous = table.getInt(node, PREVIOUS);
    if (previous == 0) {
      table.putInt(directory, FIRST_CHILD, next);
    } else {
      table.putInt(previous, NEXT, next);
    }
    if (next != 0) {
      table.putInt(next, PREVIOUS, previous);
    }
  }

  private void linkHash(int node) {
    if (++named > buckets.length && buckets.length < MAX_BUCKETS) {
      growBuckets();
    }
    int bucket = table.getInt(node, HASH) & buckets.length - 1;
    table.putInt(node, HASH_NEXT, buckets[bucket]);
    buckets[bucket] = node;
  }

  private void unlinkHash(int node) {
    named--;
    int bucket = table.getInt(node, HASH) & buckets.length - 1;
    int after = table.getInt(node, HASH_NEXT);
    if (buckets[bucket] == node) {
      buckets[bucket] = after;
      return;
    }
    int n = buckets[bucket];
    while (table.getInt(n, HASH_NEXT) != node) {
      n = table.getInt(n, HASH_NEXT);
    }
    table.putInt(n, HASH_NEXT, after);
  }

  private void growBuckets() {
    int[] old = buckets;
    buckets = new int[old.length * 4];
    for (int head : old) {
      for (int node = head, next; node != 0; node = next) {
        next = table.getInt(node, HASH_NEXT);
        int bucket = table.getInt(node, HASH) & buckets.length - 1;
        table.putInt(node, HASH_NEXT, buckets[bucket]);
        buckets[bucket] = node;
      }
    }
  }
}
