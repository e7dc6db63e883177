package dev.skep.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** The daemon of one state folder, found by the lock that it holds while it lives. */
final class DaemonProcess {
  private DaemonProcess() {}

  /** Its process; empty when none runs. A pid alone proves nothing: it may be another's by now. */
  static Optional<ProcessHandle> find(Path state) throws IOException {
    Path lock = state.resolve("skep.lock");
    try (FileChannel channel =
            FileChannel.open(lock, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock taken = channel.tryLock()) {
      if (taken != null) {
        return Optional.empty();
      }
      String pid = Files.readString(lock).strip();
      return pid.matches("\\d{1,10}") ? ProcessHandle.of(Long.parseLong(pid)) : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }
}
