package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** What a program must be able to read to start at all. */
final class ProgramFiles {
  /** Of libraries, and of what loads them, in every distribution that Skep knows. */
  private static final List<Path> LIBRARIES =
      Stream.of("/lib", "/lib64", "/usr/lib", "/usr/lib64").map(Path::of).toList();

  private static final byte[] ELF64 = {0x7f, 'E', 'L', 'F', 2, 1};
  private static final int ELF_HEADER_BYTES = 64;
  private static final int MOST_HEADERS_BYTES = 64 << 10;
  private static final int PT_INTERP = 3;

  private ProgramFiles() {}

  /** The program itself; and, unless it is static, the folders of libraries. */
  static List<Path> of(Path program) {
    return hasInterpreter(program)
        ? Stream.concat(Stream.of(program), LIBRARIES.stream()).filter(Files::exists).toList()
        : List.of(program);
  }

  private static boolean hasInterpreter(Path program) {
    try (var file = FileChannel.open(program, StandardOpenOption.READ)) {
      ByteBuffer elf = read(file, 0, ELF_HEADER_BYTES);
      if (elf.limit() < ELF_HEADER_BYTES || elf.mismatch(ByteBuffer.wrap(ELF64)) != ELF64.length) {
        return false;
      }
      int size = elf.getShort(54);
      ByteBuffer headers =
          read(file, elf.getLong(32), Math.min(size * elf.getShort(56), MOST_HEADERS_BYTES));
      for (int at = 0; size > 0 && at + Integer.BYTES <= headers.limit(); at += size) {
        if (headers.getInt(at) == PT_INTERP) {
          return true;
        }
      }
      return false;
    } catch (IOException | IllegalArgumentException e) {
      throw new SkepException(Code.UNSUPPORTED, program + ": cannot be read: " + e, e);
    }
  }

  private static ByteBuffer read(FileChannel file, long position, int bytes) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (content.hasRemaining() && file.read(content, position + content.position()) > 0) {
      // more of it
    }
    return content.flip();
  }
}
