package dev.skep.apiserver;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** The few ASN.1 values of a certificate, in DER (X.690). */
final class Der {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

  private Der() {}

  static byte[] sequence(byte[]... parts) {
    return value(0x30, parts);
  }

  static byte[] set(byte[]... parts) {
    return value(0x31, parts);
  }

  static byte[] bool(boolean value) {
    return value(0x01, new byte[] {(byte) (value ? 0xff : 0)});
  }

  /** Big-endian, not negative. */
  static byte[] integer(byte... magnitude) {
    return value(0x02, magnitude[0] < 0 ? join(new byte[1], magnitude) : magnitude);
  }

  static byte[] bits(byte[] bytes, int unused) {
    return value(0x03, new byte[] {(byte) unused}, bytes);
  }

  static byte[] octets(byte[] bytes) {
    return value(0x04, bytes);
  }

  static byte[] utf8(String text) {
    return value(0x0c, text.getBytes(StandardCharsets.UTF_8));
  }

  /** After 2050 a certificate's times must be written in this form. */
  static byte[] time(Instant instant) {
    return value(0x18, TIME.format(instant).getBytes(StandardCharsets.US_ASCII));
  }

  /** An object identifier such as {@code 2.5.4.3}. */
  static byte[] oid(String dotted) {
    String[] arcs = dotted.split("\\.", -1);
    var out = new ByteArrayOutputStream();
    out.write(Integer.parseInt(arcs[0]) * 40 + Integer.parseInt(arcs[1]));
    for (int i = 2; i < arcs.length; i++) {
      arc(Integer.parseInt(arcs[i]), out);
    }
    return value(0x06, out.toByteArray());
  }

  private static void arc(int number, ByteArrayOutputStream out) {
    for (int shift = 28; shift > 0; shift -= 7) {
      if (number >>> shift != 0) {
        out.write(0x80 | ((number >>> shift) & 0x7f));
      }
    }
    out.write(number & 0x7f);
  }

  /** A constructed value of a tag of its own. */
  static byte[] tagged(int number, byte[] content) {
    return value(0xa0 | number, content);
  }

  /** A primitive value of a tag of its own. */
  static byte[] implicit(int number, byte[] content) {
    return value(0x80 | number, content);
  }

  private static byte[] value(int tag, byte[]... parts) {
    byte[] content = join(parts);
    var out = new ByteArrayOutputStream();
    out.write(tag);
    length(content.length, out);
    out.writeBytes(content);
    return out.toByteArray();
  }

  private static void length(int length, ByteArrayOutputStream out) {
    if (length >= 0x100) {
      out.write(0x82);
      out.write(length >>> 8);
    } else if (length >= 0x80) {
      out.write(0x81);
    }
    out.write(length & 0xff);
  }

  private static byte[] join(byte[]... parts) {
    var out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
