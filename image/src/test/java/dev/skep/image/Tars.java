package dev.skep.image;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/** Builds tar streams byte by byte, so that it can also build those that no tool would write. */
final class Tars {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  static Tars tar() {
    return new Tars();
  }

  Tars file(String path, String content) {
    return file(path, content.getBytes(StandardCharsets.UTF_8));
  }

  Tars file(String path, byte[] content) {
    return entry('0', path, "", content, 0644);
  }

  Tars directory(String path) {
    return entry('5', path, "", new byte[0], 0755);
  }

  Tars symlink(String path, String target) {
    return entry('2', path, target, new byte[0], 0777);
  }

  Tars hardLink(String path, String target) {
    return entry('1', path, target, new byte[0], 0644);
  }

  Tars whiteout(String path) {
    return file(path, "");
  }

  Tars entry(char type, String path, String link, byte[] content, int mode) {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    byte[] target = link.getBytes(StandardCharsets.UTF_8);
    if (name.length > 100) {
      longName('L', name);
    }
    if (target.length > 100) {
      longName('K', target);
    }
    return raw(header(type, name, target, content.length, mode)).data(content);
  }

  /** A PAX header for the entry that follows. */
  Tars pax(Map<String, byte[]> records) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    records.forEach((key, value) -> body.writeBytes(paxRecord(key, value)));
    return raw(header('x', "pax".getBytes(StandardCharsets.UTF_8), new byte[0], body.size(), 0644))
        .data(body.toByteArray());
  }

  static byte[] paxRecord(String key, byte[] value) {
    int rest = key.getBytes(StandardCharsets.UTF_8).length + value.length + 3;
    int length = rest + String.valueOf(rest).length();
    length = rest + String.valueOf(length).length();
    ByteArrayOutputStream record = new ByteArrayOutputStream();
    record.writeBytes((length + " " + key + "=").getBytes(StandardCharsets.UTF_8));
    record.writeBytes(value);
    record.write('\n');
    return record.toByteArray();
  }

  private void longName(char type, byte[] name) {
    byte[] link = "././@LongLink".getBytes(StandardCharsets.UTF_8);
    raw(header(type, link, new byte[0], name.length + 1, 0))
        .data(Arrays.copyOf(name, name.length + 1));
  }

  /** A GNU header with a right checksum. */
  static byte[] header(char type, byte[] name, byte[] link, long size, int mode) {
    byte[] header = new byte[512];
    System.arraycopy(name, 0, header, 0, Math.min(100, name.length));
    put(header, 100, "%07o".formatted(mode));
    put(header, 108, "%07o".formatted(0));
    put(header, 116, "%07o".formatted(0));
    put(header, 124, "%011o".formatted(size));
    put(header, 136, "%011o".formatted(1_700_000_000));
    header[156] = (byte) type;
    System.arraycopy(link, 0, header, 157, Math.min(100, link.length));
    put(header, 257, "ustar  ");
    return sealed(header);
  }

  static byte[] sealed(byte[] header) {
    put(header, 148, "        ");
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    put(header, 148, String.format(Locale.ROOT, "%06o\0", sum));
    return header;
  }

  static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  Tars raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  /** Content, filled up to a block. */
  Tars data(byte[] content) {
    return raw(Arrays.copyOf(content, (content.length + 511) / 512 * 512));
  }

  byte[] bytes() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(out.toByteArray());
    whole.writeBytes(new byte[1024]);
    return whole.toByteArray();
  }
}
