package dev.skep.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/** Extended attributes as they follow an EROFS inode: a header, then entries of 4-byte units. */
final class ErofsXattrs {
  static final int HEADER_BYTES = 12;

  /** The names that EROFS shortens to a number; others cannot be stored. */
  private enum Prefix {
    USER(1, "user."),
    ACL_ACCESS(2, "system.posix_acl_access"),
    ACL_DEFAULT(3, "system.posix_acl_default"),
    TRUSTED(4, "trusted."),
    SECURITY(6, "security.");

    private final int index;
    private final String text;

    Prefix(int index, String text) {
      this.index = index;
      this.text = text;
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Entry(int index, byte[] suffix, byte[] value) {
    int bytes() {
      return 4 + suffix.length + value.length + 3 & ~3;
    }
  }

  private ErofsXattrs() {}

  /**
   * The attributes in an order of their own; empty when none is kept. Labels and overlay marks of
   * the machine that built the image mean nothing here and are left out.
   */
  static byte[] encode(byte[] file, List<Xattr> xattrs) {
    List<Entry> entries =
        xattrs.stream()
            .filter(ErofsXattrs::isKept)
            .map(x -> entry(file, x))
            .sorted(
                Comparator.comparingInt(Entry::index)
                    .thenComparing(Entry::suffix, java.util.Arrays::compareUnsigned))
            .toList();
    if (entries.isEmpty()) {
      return new byte[0];
    }
    int bytes = HEADER_BYTES + entries.stream().mapToInt(Entry::bytes).sum();
    if ((bytes - HEADER_BYTES) / 4 + 1 > 0xffff) {
      throw Invalid.entry(file, bytes + " bytes of extended attributes: at most 262148 fit");
    }
    ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    out.position(HEADER_BYTES);
    for (Entry entry : entries) {
      int start = out.position();
      out.put((byte) entry.suffix.length).put((byte) entry.index);
      out.putShort((short) entry.value.length).put(entry.suffix).put(entry.value);
      out.position(start + entry.bytes());
    }
    return out.array();
  }

  private static boolean isKept(Xattr xattr) {
    String name = name(xattr);
    return !name.equals("security.selinux")
        && !name.startsWith("trusted.overlay.")
        && !name.startsWith("user.overlay.");
  }

  private static Entry entry(byte[] file, Xattr xattr) {
    String name = name(xattr);
    for (Prefix prefix : Prefix.values()) {
      if (name.startsWith(prefix.text)) {
        byte[] suffix = name.substring(prefix.text.length()).getBytes(StandardCharsets.ISO_8859_1);
        if (suffix.length > 255 || xattr.value().length > 0xffff) {
          throw Invalid.entry(
              file,
              "extended attribute %s has %d bytes: at most 255 of name and 65535 of value fit"
                  .formatted(Printable.of(xattr.name()), xattr.value().length));
        }
        return new Entry(prefix.index, suffix, xattr.value());
      }
    }
    throw Invalid.entry(
        file,
        "extended attribute %s: expected user., trusted., security. or a POSIX ACL"
            .formatted(Printable.of(xattr.name())));
  }

  private static String name(Xattr xattr) {
    return new String(xattr.name(), StandardCharsets.ISO_8859_1);
  }
}
