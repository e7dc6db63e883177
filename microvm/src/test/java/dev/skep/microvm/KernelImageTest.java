package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.airlift.compress.v3.lz4.Lz4JavaCompressor;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelImageTest {
  private static final byte[] ELF =
      ("\177ELF" + "kernel text ".repeat(5000)).getBytes(StandardCharsets.ISO_8859_1);

  @TempDir Path folder;

  @Test
  void kernelInsideAGzipImageIsFound() throws Exception {
    var packed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(packed)) {
      gzip.write(ELF);
    }

    assertThat(extract(packed.toByteArray())).isEqualTo(ELF);
  }

  @Test
  void kernelInsideAnLz4ImageIsFound() throws Exception {
    var compressor = new Lz4JavaCompressor();
    byte[] block = new byte[compressor.maxCompressedLength(ELF.length)];
    int length = compressor.compress(ELF, 0, ELF.length, block, 0, block.length);
    ByteBuffer legacy =
        ByteBuffer.allocate(8 + length).order(ByteOrder.LITTLE_ENDIAN).putInt(0x184c2102);

    assertThat(extract(legacy.putInt(length).put(block, 0, length).array())).isEqualTo(ELF);
  }

  @Test
  void fileThatIsNoKernelIsToldWithItsFirstBytes() throws Exception {
    Path file = Files.write(folder.resolve("vmlinux"), new byte[] {0x1f, (byte) 0x8b, 8, 0});

    assertThatThrownBy(() -> GuestKernel.builtByUser(file))
        .hasMessageContaining("not an ELF file (first bytes 1f8b0800: gzip;");
  }

  @Test
  void kernelThatIsMissingSaysWhatToRun() {
    assertThatThrownBy(() -> GuestKernel.builtByUser(folder.resolve("none")))
        .hasMessageContaining("no such file (run 'skep doctor'");
  }

  @Test
  void imageThatIsCutOffIsRefused() throws Exception {
    byte[] image = image(ELF);
    Path file = Files.write(folder.resolve("vmlinuz"), Arrays.copyOf(image, 2000));

    assertThatThrownBy(() -> KernelImage.extract(file, folder.resolve("out")))
        .hasMessageContaining("is not in the file");
  }

  private byte[] extract(byte[] payload) throws Exception {
    Path file = Files.write(folder.resolve("vmlinuz"), image(payload));
    Path target = folder.resolve("vmlinux");
    KernelImage.extract(file, target);
    return Files.readAllBytes(target);
  }

  /** One setup sector, then the payload at 64, with its unpacked size at the end. */
  private static byte[] image(byte[] payload) {
    ByteBuffer image =
        ByteBuffer.allocate(1024 + 64 + payload.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0x1f1, (byte) 1).put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
    image.putInt(0x248, 64).putInt(0x24c, payload.length + 4);
    return image.put(1024 + 64, payload).putInt(1024 + 64 + payload.length, ELF.length).array();
  }
}
