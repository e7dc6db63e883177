package dev.skep.microvm;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import io.airlift.compress.v3.lz4.Lz4JavaDecompressor;
import io.airlift.compress.v3.zstd.ZstdInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;

/**
 * The uncompressed ELF kernel inside a distribution's {@code vmlinuz}: what a microVM boots
 * directly. Offsets are those of Linux's Documentation/arch/x86/boot.rst.
 */
final class KernelImage {
  private static final int SETUP_SECTORS = 0x1f1;
  private static final int HEADER_MAGIC = 0x202;
  private static final int PAYLOAD_OFFSET = 0x248;
  private static final int PAYLOAD_LENGTH = 0x24c;
  private static final int SECTOR = 512;
  private static final int LZ4_BLOCK = 8 << 20;
  private static final int WINDOW = 1 << 20;

  /** As the kernel has the name in its table of parameters. */
  private static final String DEVICE_PARAMETER = "virtio_mmio.device\0";

  private KernelImage() {}

  /** Writes the kernel that is inside {@code vmlinuz}; an ELF file is copied as it is. */
  static void extract(Path vmlinuz, Path vmlinux) throws IOException {
    byte[] image = Files.readAllBytes(vmlinuz);
    try (OutputStream out = Files.newOutputStream(vmlinux)) {
      if (isElf(image)) {
        out.write(image);
      } else {
        decompress(vmlinuz, payload(vmlinuz, image), vmlinux, out);
      }
    }
    check(vmlinux);
  }

  /**
   * Whether the kernel makes devices of {@code virtio_mmio.device} on its command line, which only
   * one built with CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES knows.
   */
  static boolean findsDevicesOnCommandLine(Path vmlinux) {
    try (var in = Files.newInputStream(vmlinux)) {
      byte[] window = new byte[WINDOW];
      int kept = 0;
      for (int read = in.read(window); read > 0; ) {
        int length = kept + read;
        if (new String(window, 0, length, ISO_8859_1).contains(DEVICE_PARAMETER)) {
          return true;
        }
        kept = Math.min(length, DEVICE_PARAMETER.length() - 1);
        System.arraycopy(window, length - kept, window, 0, kept);
        read = in.read(window, kept, WINDOW - kept);
      }
      return false;
    } catch (IOException e) {
      throw new SkepException(Code.NOT_FOUND, "kernel " + vmlinux + ": cannot be read: " + e, e);
    }
  }

  /** Refuses a kernel that no VMM could boot. */
  static void check(Path vmlinux) {
    if (!Files.isRegularFile(vmlinux)) {
      throw new SkepException(
          Code.NOT_FOUND,
          "kernel " + vmlinux + ": no such file (run 'skep doctor' to see how to get one)");
    }
    byte[] first = new byte[8];
    try (var in = Files.newInputStream(vmlinux)) {
      int read = in.readNBytes(first, 0, first.length);
      if (!isElf(first)) {
        throw new SkepException(
            Code.INVALID,
            "kernel "
                + vmlinux
                + ": not an ELF file (first bytes "
                + hex(Arrays.copyOf(first, read))
                + format(first)
                + "; expected an uncompressed vmlinux)");
      }
    } catch (IOException e) {
      throw new SkepException(Code.INVALID, "kernel " + vmlinux + ": " + e, e);
    }
  }

  private static byte[] payload(Path file, byte[] image) {
    if (image.length < PAYLOAD_LENGTH + 4 || !ascii(image, HEADER_MAGIC, "HdrS")) {
      throw new SkepException(
          Code.INVALID,
          "kernel "
              + file
              + ": neither an ELF file nor a bzImage (first bytes "
              + hex(Arrays.copyOf(image, Math.min(8, image.length)))
              + ")");
    }
    var header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    int setup = image[SETUP_SECTORS] == 0 ? 4 : image[SETUP_SECTORS] & 0xff;
    long from = (setup + 1L) * SECTOR + Integer.toUnsignedLong(header.getInt(PAYLOAD_OFFSET));
    long length = Integer.toUnsignedLong(header.getInt(PAYLOAD_LENGTH));
    if (length < 8 || from + length > image.length) {
      throw new SkepException(
          Code.INVALID,
          "kernel "
              + file
              + ": payload of "
              + length
              + " bytes at "
              + from
              + " is not in the file");
    }
    return Arrays.copyOfRange(image, (int) from, (int) (from + length));
  }

  /** The last four bytes of a payload are its unpacked size, which no format knows of. */
  private static void decompress(Path file, byte[] payload, Path target, OutputStream out)
      throws IOException {
    var in = new ByteArrayInputStream(payload, 0, payload.length - 4);
    switch (hex(Arrays.copyOf(payload, 4))) {
      case String magic when magic.startsWith("1f8b") -> new GZIPInputStream(in).transferTo(out);
      case "28b52ffd" -> ZstdInputStream.create(in).transferTo(out);
      case "02214c18" -> lz4(file, payload, out);
      case "fd377a58" -> xz(in, target);
      case String magic ->
          throw new SkepException(
              Code.UNSUPPORTED,
              "kernel "
                  + file
                  + ": payload begins with "
                  + magic
                  + " (expected: gzip, xz, zstd, lz4 or plain)");
    }
  }

  private static void lz4(Path file, byte[] payload, OutputStream out) throws IOException {
    var blocks = ByteBuffer.wrap(payload, 0, payload.length - 4).order(ByteOrder.LITTLE_ENDIAN);
    blocks.position(4);
    byte[] unpacked = new byte[LZ4_BLOCK];
    while (blocks.remaining() >= 4) {
      int length = blocks.getInt();
      if (length <= 0 || length > blocks.remaining()) {
        throw new SkepException(
            Code.INVALID,
            "kernel "
                + file
                + ": LZ4 block of "
                + length
                + " bytes, "
                + blocks.remaining()
                + " left");
      }
      int size =
          new Lz4JavaDecompressor()
              .decompress(payload, blocks.position(), length, unpacked, 0, LZ4_BLOCK);
      out.write(unpacked, 0, size);
      blocks.position(blocks.position() + length);
    }
  }

  private static void xz(ByteArrayInputStream in, Path target) throws IOException {
    Path packed = target.resolveSibling("payload.xz");
    Files.write(packed, in.readAllBytes());
    Command.of("xz", "-d", "-f", packed.toString()).run();
    Files.move(
        target.resolveSibling("payload"),
        target,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  private static boolean isElf(byte[] bytes) {
    return bytes.length >= 4 && bytes[0] == 0x7f && ascii(bytes, 1, "ELF");
  }

  private static boolean ascii(byte[] bytes, int at, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (at + i >= bytes.length || bytes[at + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static String format(byte[] first) {
    return switch (hex(Arrays.copyOf(first, 4))) {
      case String magic when magic.startsWith("1f8b") -> ": gzip";
      case "28b52ffd" -> ": zstd";
      case "02214c18" -> ": lz4";
      case "fd377a58" -> ": xz";
      case String magic when magic.startsWith("4d5a") -> ": a bzImage";
      default -> "";
    };
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
