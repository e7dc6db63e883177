package dev.skep.testkit.firecracker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The state of a machine in a file: magic number, length, JSON, checksum. */
final class StateFile {
  private static final long MAGIC = 0x0710_1984_8664_0000L;
  private static final int MOST_BYTES = 10_000_000;
  private static final int HEAD_BYTES = Long.BYTES + Integer.BYTES;
  private static final String LOADING = "Failed to get snapshot state from file: ";

  private StateFile() {}

  static void write(Path file, JsonNode state) throws IOException {
    byte[] json = state.toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(HEAD_BYTES + json.length + Long.BYTES);
    bytes.putLong(MAGIC).putInt(json.length).put(json).putLong(checksum(json));
    Files.write(file, bytes.array());
  }

  static JsonNode read(Path file) throws Fault {
    ByteBuffer bytes = bytes(file);
    if (bytes.remaining() < HEAD_BYTES
        || bytes.getLong() != MAGIC
        || bytes.getInt() != bytes.remaining() - Long.BYTES) {
      throw broken("An error occurred during bitcode serialization: bitcode error");
    }
    byte[] json = new byte[bytes.remaining() - Long.BYTES];
    bytes.get(json);
    if (bytes.getLong() != checksum(json)) {
      throw broken("CRC64 validation failed");
    }
    try {
      return Json.MAPPER.readTree(json);
    } catch (JacksonException e) {
      throw broken("An error occurred during bitcode serialization: bitcode error");
    }
  }

  private static ByteBuffer bytes(Path file) throws Fault {
    try {
      if (!Files.exists(file)) {
        throw Fault.fatal(
            LOADING + "Failed to open snapshot file: No such file or directory (os error 2)");
      }
      if (Files.size(file) > MOST_BYTES) {
        throw broken("Snapshot size exceeds limit of " + MOST_BYTES + " bytes");
      }
      return ByteBuffer.wrap(Files.readAllBytes(file));
    } catch (IOException e) {
      throw Fault.fatal(LOADING + "Failed to open snapshot file: " + e.getMessage());
    }
  }

  private static Fault broken(String how) {
    return Fault.fatal(LOADING + "Failed to load snapshot state from file: " + how);
  }

  private static long checksum(byte[] json) {
    var checksum = new CRC32C();
    checksum.update(json);
    return checksum.getValue();
  }
}
