package dev.skep.store;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Makes a state folder the property of one process. The kernel drops the lock when the process
 * ends, however it ends.
 */
public final class StateLock implements AutoCloseable {
  private static final String FILE = "skep.lock";

  private final FileChannel channel;

  private StateLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Takes the folder, made if it is not there; fails with CONFLICT naming the pid that has it. */
  public static StateLock acquire(Path folder) {
    Path file = folder.resolve(FILE);
    try {
      Files.createDirectories(folder);
      FileChannel channel = FileChannel.open(file, CREATE, READ, WRITE);
      if (tryLock(channel) == null) {
        String owner = Files.readString(file).strip();
        channel.close();
        throw new SkepException(
            Code.CONFLICT,
            "state folder %s is used by %s (expected: one daemon per folder; stop that one with 'skep down' or choose another folder)"
                .formatted(folder, owner.isEmpty() ? "another process" : "process " + owner));
      }
      channel.truncate(0);
      String pid = ProcessHandle.current().pid() + "\n";
      channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.UTF_8)), 0);
      return new StateLock(channel);
    } catch (IOException e) {
      throw new SkepException(
          Code.INTERNAL, "state folder %s cannot be locked: %s".formatted(folder, e), e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException _) {
      return null; // this process has it
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, "state folder cannot be unlocked: " + e, e);
    }
  }
}
