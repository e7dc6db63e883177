package dev.skep.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Applies layers, lowest first, to a tree as the OCI image specification says: later names replace
 * earlier ones, whiteouts remove what lower layers have. Paths are resolved within the tree alone,
 * as a chroot would, so nothing in an image can name anything of the host.
 */
final class LayerApplier {
  private static final byte[] WHITEOUT = ".wh.".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] OPAQUE = ".wh..wh..opq".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] WHITEOUT_META = ".wh..wh.".getBytes(StandardCharsets.US_ASCII);
  private static final int MAX_SYMLINK = 4095;

  private final FileTree tree;
  private final Inodes inodes;
  private final ByteLog log;
  private final ErofsData data;
  private final PathResolver paths;
  private int layer;

  LayerApplier(FileTree tree, Inodes inodes, ByteLog log, ErofsData data) {
    this.tree = tree;
    this.inodes = inodes;
    this.log = log;
    this.data = data;
    this.paths = new PathResolver(tree, inodes, log);
  }

  void apply(LayerEntries entries) throws IOException {
    layer++;
    TarEntry entry = entries.next();
    while (entry != null) {
      apply(entry, entries);
      entry = entries.next();
    }
  }

  private void apply(TarEntry entry, LayerEntries entries) throws IOException {
    PathResolver.Split path = paths.split(entry.name());
    byte[] name = path.name();
    if (path.parents().length == 0 && LazyNames.isOfTheFormat(name)) {
      return;
    }
    if (name.length == 0) {
      applyRoot(entry);
    } else if (startsWith(name, WHITEOUT)) {
      whiteout(entry, path);
    } else {
      int directory = paths.directory(entry.name(), path.parents(), true);
      int node = tree.child(directory, name);
      node = node == 0 ? 0 : clear(entry, node);
      if (node == 0) {
        node = tree.add(directory, name, create(entry));
      }
      fill(entry, entries, tree.inode(node));
      tree.touch(node, layer);
    }
  }

  private void applyRoot(TarEntry entry) throws IOException {
    if (entry.type() != TarEntry.Type.DIRECTORY) {
      throw Invalid.entry(entry.name(), "the root must be a folder, not " + entry.type());
    }
    fillAttributes(entry, tree.inode(tree.root()));
  }

  /** Removes what stands in the entry's place; a folder that stays a folder is returned. */
  private int clear(TarEntry entry, int node) throws IOException {
    if (entry.type() == TarEntry.Type.DIRECTORY && tree.isDirectory(node)) {
      return node;
    }
    if (entry.type() == TarEntry.Type.HARD_LINK && linkTarget(entry) == node) {
      return node;
    }
    tree.remove(node);
    return 0;
  }

  private int create(TarEntry entry) throws IOException {
    return switch (entry.type()) {
      case REGULAR -> inodes.add(FileMode.REGULAR);
      case DIRECTORY -> inodes.add(FileMode.DIRECTORY);
      case SYMLINK -> inodes.add(FileMode.SYMLINK);
      case FIFO -> inodes.add(FileMode.FIFO);
      case CHARACTER -> inodes.add(FileMode.CHARACTER);
      case BLOCK -> inodes.add(FileMode.BLOCK);
      case HARD_LINK -> tree.inode(linkTarget(entry));
    };
  }

  private void fill(TarEntry entry, LayerEntries entries, int inode) throws IOException {
    switch (entry.type()) {
      case REGULAR -> {
        fillAttributes(entry, inode);
        long block = data.begin(entry);
        entries.content(inode, data);
        inodes.data(inode, block, data.end());
      }
      case SYMLINK -> {
        fillAttributes(entry, inode);
        fillTarget(entry, inode);
      }
      case CHARACTER, BLOCK -> {
        fillAttributes(entry, inode);
        inodes.device(inode, entry.deviceMajor(), entry.deviceMinor());
      }
      case DIRECTORY, FIFO -> fillAttributes(entry, inode);
      case HARD_LINK -> {
        // The attributes are those of the file that it names.
      }
    }
  }

  private void fillAttributes(TarEntry entry, int inode) throws IOException {
    inodes.attributes(inode, entry);
    byte[] xattrs = ErofsXattrs.encode(entry.name(), entry.xattrs());
    inodes.xattrs(inode, xattrs.length == 0 ? 0 : log.add(xattrs), xattrs.length);
  }

  private void fillTarget(TarEntry entry, int inode) throws IOException {
    byte[] target = entry.linkName();
    if (target.length == 0 || target.length > MAX_SYMLINK) {
      throw Invalid.entry(
          entry.name(),
          "symbolic link to %d bytes: expected 1 to %d".formatted(target.length, MAX_SYMLINK));
    }
    inodes.data(inode, log.add(target), target.length);
  }

  private int linkTarget(TarEntry entry) throws IOException {
    PathResolver.Split path = paths.split(entry.linkName());
    int directory = paths.directory(entry.name(), path.parents(), false);
    int node = directory == 0 ? 0 : tree.child(directory, path.name());
    if (node == 0) {
      throw Invalid.entry(
          entry.name(),
          "hard link to %s, which is neither before it in this layer nor in a lower one"
              .formatted(Printable.of(entry.linkName())));
    }
    if (tree.isDirectory(node)) {
      throw Invalid.entry(
          entry.name(), "hard link to the folder " + Printable.of(entry.linkName()));
    }
    return node;
  }

  private void whiteout(TarEntry entry, PathResolver.Split path) throws IOException {
    int directory = paths.directory(entry.name(), path.parents(), false);
    if (directory == 0) {
      return;
    }
    if (Arrays.equals(path.name(), OPAQUE)) {
      removeLower(directory);
    } else if (!startsWith(path.name(), WHITEOUT_META)) {
      byte[] name = Arrays.copyOfRange(path.name(), WHITEOUT.length, path.name().length);
      if (name.length == 0 || PathResolver.isDots(name)) {
        throw Invalid.entry(entry.name(), "this whiteout names no file");
      }
      int node = tree.child(directory, name);
      if (node == 0) {
        return;
      }
      if (tree.layer(node) == layer) {
        removeLower(node);
      } else {
        tree.remove(node);
      }
    }
  }

  /** Removes all below the node that this layer has not named: a whiteout is about lower ones. */
  private void removeLower(int top) {
    int node = tree.following(top, top);
    while (node != 0) {
      int next;
      if (tree.layer(node) == layer) {
        next = tree.following(node, top);
      } else {
        next = tree.followingSibling(node, top);
        tree.remove(node);
      }
      node = next;
    }
  }

  private static boolean startsWith(byte[] name, byte[] prefix) {
    return name.length >= prefix.length
        && Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length);
  }
}
