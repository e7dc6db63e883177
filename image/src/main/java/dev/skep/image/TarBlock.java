package dev.skep.image;

import java.util.Arrays;

/** Fields of one 512-byte tar header, in the V7, ustar and GNU variants. */
final class TarBlock {
  static final int BYTES = 512;

  private static final int MAGIC = 257;

  private final byte[] block = new byte[BYTES];

  byte[] bytes() {
    return block;
  }

  boolean isZero() {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  void verifyChecksum() {
    int unsigned = 0;
    int signed = 0;
    for (int i = 0; i < BYTES; i++) {
      byte b = i >= 148 && i < 156 ? (byte) ' ' : block[i];
      unsigned += b & 0xff;
      signed += b;
    }
    long found = octal(148, 8);
    if (found != unsigned && found != signed) {
      throw Invalid.image(
          "not a tar header: its checksum says %s, its bytes sum to %o (it begins with %s)"
              .formatted(
                  Printable.of(Arrays.copyOfRange(block, 148, 156)),
                  unsigned,
                  Printable.of(Arrays.copyOf(block, 16))));
    }
  }

  byte type() {
    return block[156];
  }

  byte[] name() {
    byte[] name = string(0, 100);
    // GNU puts times where ustar puts the prefix.
    boolean ustar = hasMagic("ustar\0");
    byte[] prefix = ustar ? string(345, 155) : new byte[0];
    if (prefix.length == 0) {
      return name;
    }
    byte[] whole = Arrays.copyOf(prefix, prefix.length + 1 + name.length);
    whole[prefix.length] = '/';
    System.arraycopy(name, 0, whole, prefix.length + 1, name.length);
    return whole;
  }

  byte[] linkName() {
    return string(157, 100);
  }

  int permissions() {
    return (int) number(100, 8, "mode") & 07777;
  }

  long uid() {
    return number(108, 8, "uid");
  }

  long gid() {
    return number(116, 8, "gid");
  }

  long size() {
    return number(124, 12, "size");
  }

  long mtime() {
    return number(136, 12, "mtime");
  }

  int deviceMajor() {
    return device(329, "device major");
  }

  int deviceMinor() {
    return device(337, "device minor");
  }

  private int device(int at, String what) {
    long value = number(at, 8, what);
    if (value < 0 || value > 0xfffff) {
      throw Invalid.entry(name(), what + " number " + value + " is not between 0 and 1048575");
    }
    return (int) value;
  }

  /** An octal number, or a binary one where the first bit is set (GNU, star). */
  long number(int at, int length, String what) {
    if ((block[at] & 0x80) != 0) {
      return binary(at, length, what);
    }
    long value = octal(at, length);
    if (value < 0) {
      throw badNumber(at, length, what);
    }
    return value;
  }

  /** Digits between spaces or zeros; nothing is 0, anything else -1. */
  private long octal(int at, int length) {
    int i = at;
    int end = at + length;
    while (i < end && (block[i] == ' ' || block[i] == 0)) {
      i++;
    }
    long value = 0;
    for (; i < end && block[i] != ' ' && block[i] != 0; i++) {
      int digit = block[i] - '0';
      if (digit < 0 || digit > 7) {
        return -1;
      }
      value = (value << 3) | digit;
    }
    return value;
  }

  private long binary(int at, int length, String what) {
    boolean negative = (block[at] & 0x40) != 0;
    long value = negative ? -1 : 0;
    for (int i = 0; i < length; i++) {
      int b = i == 0 ? (block[at] & 0x3f) | (negative ? 0xc0 : 0) : block[at + i] & 0xff;
      if (value >> 55 != (negative ? -1 : 0)) {
        throw badNumber(at, length, what);
      }
      value = value << 8 | b;
    }
    return value;
  }

  private RuntimeException badNumber(int at, int length, String what) {
    byte[] found = Arrays.copyOfRange(block, at, at + length);
    return Invalid.image(
        "tar header: %s is %s, expected an octal number".formatted(what, Printable.of(found)));
  }

  private byte[] string(int at, int length) {
    int end = at;
    while (end < at + length && block[end] != 0) {
      end++;
    }
    return Arrays.copyOfRange(block, at, end);
  }

  private boolean hasMagic(String magic) {
    for (int i = 0; i < magic.length(); i++) {
      if (block[MAGIC + i] != magic.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
