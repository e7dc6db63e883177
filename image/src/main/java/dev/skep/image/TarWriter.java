package dev.skep.image;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Headers of tar entries in the PAX format; an extended header only where ustar has no room. */
final class TarWriter {
  private static final byte[] NOTHING = new byte[0];

  private TarWriter() {}

  /** Zeros that fill content up to a block. */
  static byte[] padding(long bytes) {
    return new byte[(int) (-bytes & TarBlock.BYTES - 1)];
  }

  /** The header of an entry, whose content of {@code entry.size()} bytes follows. */
  static byte[] header(TarEntry entry) {
    byte[] name = stored(entry);
    ByteArrayOutputStream pax = new ByteArrayOutputStream();
    if (name.length > 100) {
      record(pax, "path", name);
    }
    if (entry.linkName().length > 100) {
      record(pax, "linkpath", entry.linkName());
    }
    number(pax, "size", entry.size(), 11);
    number(pax, "uid", Integer.toUnsignedLong(entry.uid()), 7);
    number(pax, "gid", Integer.toUnsignedLong(entry.gid()), 7);
    if (entry.mtimeNanos() != 0 || !fits(entry.mtime(), 11)) {
      record(pax, "mtime", time(entry).getBytes(StandardCharsets.US_ASCII));
    }
    entry.xattrs().forEach(x -> record(pax, "SCHILY.xattr." + text(x.name()), x.value()));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (pax.size() > 0) {
      byte[] records = pax.toByteArray();
      out.writeBytes(block(paxEntry(records.length), bytes("pax"), 'x'));
      out.writeBytes(records);
      out.writeBytes(padding(records.length));
    }
    out.writeBytes(block(entry, name, type(entry.type())));
    return out.toByteArray();
  }

  /** Names of folders end with a slash. */
  private static byte[] stored(TarEntry entry) {
    byte[] name = entry.name();
    if (entry.type() != TarEntry.Type.DIRECTORY || name[name.length - 1] == '/') {
      return name;
    }
    byte[] slashed = Arrays.copyOf(name, name.length + 1);
    slashed[name.length] = '/';
    return slashed;
  }

  private static TarEntry paxEntry(int bytes) {
    return new TarEntry(
        TarEntry.Type.REGULAR,
        NOTHING,
        NOTHING,
        bytes,
        0644,
        0,
        0,
        0,
        0,
        0,
        0,
        java.util.List.of());
  }

  private static String time(TarEntry entry) {
    boolean negative = entry.mtime() < 0 && entry.mtimeNanos() != 0;
    long seconds = negative ? -entry.mtime() - 1 : entry.mtime();
    long nanos = negative ? 1_000_000_000 - entry.mtimeNanos() : entry.mtimeNanos();
    return (negative ? "-" : "") + seconds + (nanos == 0 ? "" : ".%09d".formatted(nanos));
  }

  private static void number(ByteArrayOutputStream pax, String key, long value, int digits) {
    if (!fits(value, digits)) {
      record(pax, key, Long.toString(value).getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static boolean fits(long value, int octalDigits) {
    return value >= 0 && value < (1L << (3 * octalDigits));
  }

  private static void record(ByteArrayOutputStream pax, String key, byte[] value) {
    int rest = key.getBytes(StandardCharsets.UTF_8).length + value.length + 3;
    int length = rest + String.valueOf(rest).length();
    length = rest + String.valueOf(length).length();
    pax.writeBytes((length + " " + key + "=").getBytes(StandardCharsets.UTF_8));
    pax.writeBytes(value);
    pax.write('\n');
  }

  private static byte[] block(TarEntry entry, byte[] name, char type) {
    byte[] block = new byte[TarBlock.BYTES];
    System.arraycopy(name, 0, block, 0, Math.min(100, name.length));
    octal(block, 100, 7, entry.permissions());
    octal(block, 108, 7, Integer.toUnsignedLong(entry.uid()));
    octal(block, 116, 7, Integer.toUnsignedLong(entry.gid()));
    octal(block, 124, 11, entry.size());
    octal(block, 136, 11, entry.mtime());
    block[156] = (byte) type;
    byte[] link = entry.linkName();
    System.arraycopy(link, 0, block, 157, Math.min(100, link.length));
    System.arraycopy(bytes("ustar\00000"), 0, block, 257, 8);
    octal(block, 329, 7, entry.deviceMajor());
    octal(block, 337, 7, entry.deviceMinor());
    Arrays.fill(block, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : block) {
      sum += b & 0xff;
    }
    octal(block, 148, 6, sum);
    block[154] = 0;
    return block;
  }

  /** What does not fit is in the extended header. */
  private static void octal(byte[] block, int at, int digits, long value) {
    long shown = fits(value, digits) ? value : 0;
    for (int i = digits - 1; i >= 0; i--) {
      block[at + i] = (byte) ('0' + (shown & 7));
      shown >>= 3;
    }
  }

  private static char type(TarEntry.Type type) {
    return switch (type) {
      case REGULAR -> '0';
      case HARD_LINK -> '1';
      case SYMLINK -> '2';
      case CHARACTER -> '3';
      case BLOCK -> '4';
      case DIRECTORY -> '5';
      case FIFO -> '6';
    };
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
