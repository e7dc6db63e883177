package dev.skep.microvm;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes the kernel's initramfs format ("newc" in Linux's
 * Documentation/driver-api/early-userspace/buffer-format.rst): the same entries give the same
 * bytes.
 */
final class Cpio {
  private static final int FOLDER = 0040755;
  private static final int PROGRAM = 0100755;
  private static final int DEVICE = 0020600;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream(2 << 20);
  private int inode;

  Cpio folder(String name) {
    return entry(name, FOLDER, new byte[0], 0, 0);
  }

  Cpio file(String name, byte[] content) {
    return entry(name, PROGRAM, content, 0, 0);
  }

  Cpio characterDevice(String name, int major, int minor) {
    return entry(name, DEVICE, new byte[0], major, minor);
  }

  byte[] finish() {
    entry("TRAILER!!!", 0, new byte[0], 0, 0);
    return out.toByteArray();
  }

  private Cpio entry(String name, int mode, byte[] content, int major, int minor) {
    byte[] nameBytes = (name + "\0").getBytes(StandardCharsets.UTF_8);
    inode++;
    var header = new StringBuilder("070701");
    int[] fields = {
      inode, mode, 0, 0, 1, 0, content.length, 0, 0, major, minor, nameBytes.length, 0
    };
    for (int field : fields) {
      header.append(String.format("%08x", field));
    }
    out.writeBytes(header.toString().getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(nameBytes);
    pad();
    out.writeBytes(content);
    pad();
    return this;
  }

  private void pad() {
    while (out.size() % 4 != 0) {
      out.write(0);
    }
  }
}
