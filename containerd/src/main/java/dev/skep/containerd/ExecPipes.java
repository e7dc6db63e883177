package dev.skep.containerd;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Folders;
import dev.skep.linux.Fifo;
import dev.skep.sandbox.ExecSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The named pipes of one command, in a folder of their own, and our ends of them. */
final class ExecPipes {
  private static final Logger LOG = LoggerFactory.getLogger(ExecPipes.class);
  private static final String STDIN = "stdin";
  private static final String STDOUT = "stdout";
  private static final String STDERR = "stderr";

  private final Path folder;

  /** Open to read and to write: with them nobody waits for the shim, and nothing has an end. */
  private final List<FileChannel> guards = new ArrayList<>();

  private final Map<String, FileChannel> ours = new HashMap<>();

  private ExecPipes(Path folder) {
    this.folder = folder;
  }

  /**
   * @param folder that does not exist yet
   */
  static ExecPipes make(Path folder, ExecSpec command) {
    var pipes = new ExecPipes(folder);
    try {
      Files.createDirectory(folder);
      if (command.stdin()) {
        pipes.open(STDIN, StandardOpenOption.WRITE);
      }
      pipes.open(STDOUT, StandardOpenOption.READ);
      if (command.terminal().isEmpty()) {
        pipes.open(STDERR, StandardOpenOption.READ);
      }
      return pipes;
    } catch (IOException e) {
      pipes.remove();
      throw new SkepException(Code.EXHAUSTED, folder + ": " + e, e);
    }
  }

  private void open(String name, StandardOpenOption way) throws IOException {
    Path pipe = folder.resolve(name);
    Fifo.make(pipe);
    guards.add(FileChannel.open(pipe, StandardOpenOption.READ, StandardOpenOption.WRITE));
    ours.put(name, FileChannel.open(pipe, way));
  }

  /** What the shim is to open. */
  ContainerTask.Streams streams() {
    return new ContainerTask.Streams(path(STDIN), path(STDOUT), path(STDERR));
  }

  private String path(String name) {
    return ours.containsKey(name) ? folder.resolve(name).toString() : "";
  }

  /** The shim has opened them: from now on an end is its end. */
  void letShimHold() {
    guards.forEach(ExecPipes::close);
    guards.clear();
  }

  OutputStream stdin() {
    FileChannel pipe = ours.get(STDIN);
    return pipe == null ? OutputStream.nullOutputStream() : Channels.newOutputStream(pipe);
  }

  InputStream stdout() {
    return reading(STDOUT);
  }

  InputStream stderr() {
    return reading(STDERR);
  }

  private InputStream reading(String name) {
    FileChannel pipe = ours.get(name);
    return pipe == null ? InputStream.nullInputStream() : Channels.newInputStream(pipe);
  }

  /** Who is blocked on one of them is so no longer. Idempotent. */
  void close() {
    letShimHold();
    ours.values().forEach(ExecPipes::close);
  }

  void remove() {
    close();
    Folders.delete(folder);
  }

  private static void close(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.warn("pipe of a command: {}", e.getMessage());
    }
  }
}
