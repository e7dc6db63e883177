package dev.skep.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads an image back, from the format's description and not from the writer's code. */
final class ErofsReader {
  record File(
      int mode,
      int links,
      long nid,
      long mtime,
      int uid,
      int gid,
      int device,
      byte[] data,
      Map<String, byte[]> xattrs) {
    String text() {
      return new String(data, StandardCharsets.UTF_8);
    }

    boolean isDirectory() {
      return (mode & 0170000) == 0040000;
    }
  }

  private static final Map<Integer, String> PREFIXES =
      Map.of(
          1,
          "user.",
          2,
          "system.posix_acl_access",
          3,
          "system.posix_acl_default",
          4,
          "trusted.",
          6,
          "security.");

  private final ByteBuffer image;
  private final long meta;
  private final Map<String, File> files = new TreeMap<>();

  private ErofsReader(byte[] bytes) {
    image = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (image.getInt(1024) != 0xE0F5E1E2) {
      throw new IllegalArgumentException("not EROFS");
    }
    meta = Integer.toUnsignedLong(image.getInt(1024 + 40)) * 4096;
    walk(image.getShort(1024 + 14) & 0xffff);
  }

  /** All files by path; the root is the empty path. */
  static Map<String, File> read(Path file) {
    try {
      return new ErofsReader(Files.readAllBytes(file)).files;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private record Found(String path, long nid) {}

  private void walk(long root) {
    Deque<Found> left = new ArrayDeque<>(List.of(new Found("", root)));
    while (!left.isEmpty()) {
      Found found = left.pop();
      visit(found.path, found.nid, left);
    }
  }

  private void visit(String path, long nid, Deque<Found> left) {
    File file = inode(nid);
    files.put(path, file);
    if (!file.isDirectory()) {
      return;
    }
    List<byte[]> names = new ArrayList<>();
    for (int block = 0; block < file.data.length; block += 4096) {
      ByteBuffer data = ByteBuffer.wrap(file.data).order(ByteOrder.LITTLE_ENDIAN);
      int end = Math.min(4096, file.data.length - block);
      int count = (data.getShort(block + 8) & 0xffff) / 12;
      for (int i = 0; i < count; i++) {
        int from = data.getShort(block + 12 * i + 8) & 0xffff;
        int to = i + 1 < count ? data.getShort(block + 12 * (i + 1) + 8) & 0xffff : end;
        while (to > from && file.data[block + to - 1] == 0) {
          to--;
        }
        byte[] name = Arrays.copyOfRange(file.data, block + from, block + to);
        names.add(name);
        String text = new String(name, StandardCharsets.UTF_8);
        if (!text.equals(".") && !text.equals("..")) {
          left.push(
              new Found(path.isEmpty() ? text : path + "/" + text, data.getLong(block + 12 * i)));
        }
      }
    }
    for (int i = 1; i < names.size(); i++) {
      if (Arrays.compareUnsigned(names.get(i - 1), names.get(i)) >= 0) {
        throw new IllegalStateException("names of " + path + " are not sorted");
      }
    }
  }

  private File inode(long nid) {
    int at = (int) (meta + nid * 32);
    int layout = (image.getShort(at) & 0xf) >> 1;
    int count = image.getShort(at + 2) & 0xffff;
    int xattrBytes = count == 0 ? 0 : 12 + (count - 1) * 4;
    int mode = image.getShort(at + 4) & 0xffff;
    int size = Math.toIntExact(image.getLong(at + 8));
    int union = image.getInt(at + 16);
    boolean device = (mode & 0170000) == 0020000 || (mode & 0170000) == 0060000;
    byte[] data = new byte[size];
    int inBlocks = layout == 2 ? size / 4096 * 4096 : size;
    if (!device) {
      image.get(Math.toIntExact(4096L * union), data, 0, inBlocks);
      image.get(at + 64 + xattrBytes, data, inBlocks, size - inBlocks);
    }
    return new File(
        mode,
        image.getInt(at + 44),
        nid,
        image.getLong(at + 32),
        image.getInt(at + 24),
        image.getInt(at + 28),
        device ? union : 0,
        data,
        xattrs(at + 64, xattrBytes));
  }

  private Map<String, byte[]> xattrs(int at, int bytes) {
    Map<String, byte[]> found = new TreeMap<>();
    int entry = at + 12;
    while (bytes > 0 && entry < at + bytes) {
      int nameBytes = image.get(entry) & 0xff;
      int valueBytes = image.getShort(entry + 2) & 0xffff;
      byte[] name = new byte[nameBytes];
      byte[] value = new byte[valueBytes];
      image.get(entry + 4, name).get(entry + 4 + nameBytes, value);
      String prefix = PREFIXES.get((int) image.get(entry + 1));
      found.put(prefix + new String(name, StandardCharsets.UTF_8), value);
      entry += (4 + nameBytes + valueBytes + 3) & ~3;
    }
    return found;
  }
}
