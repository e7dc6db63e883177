package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.snapshot.SnapshotFiles;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Saves one running QEMU: its memory is copied from the file in memory that backs it, its state
 * comes as a migration that leaves the memory out.
 */
final class QemuSave {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String SOCKET = "save.sock";
  private static final long MAX_STATE_BYTES = 64 << 20;

  private final QemuVm vm;
  private final Path process;
  private final Path monitor;

  QemuSave(QemuVm vm, Path process, Path monitor) {
    this.vm = vm;
    this.process = process;
    this.monitor = monitor;
  }

  /** How long the guest stood still; it runs again afterwards. */
  Duration into(Path folder) {
    try (var memory = new MemoryCopy(memoryFile(), folder.resolve(SnapshotFiles.MEMORY));
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listen(server);
      memory.pass();
      memory.pass(); // what changed meanwhile is little, and leaves less for the last
      Path state = folder.resolve(SnapshotFiles.STATE);
      return Qmp.converse(monitor, LIMIT, qemu -> save(qemu, server, state, memory));
    } catch (SkepException e) {
      goOn(e);
      throw e;
    } catch (IOException e) {
      throw new SkepException(Code.UNAVAILABLE, "VMM " + process + ": " + e, e);
    } finally {
      deleteQuietly(socket());
    }
  }

  /** The guest stands still for the state and what changed in memory, both at once. */
  private static Duration save(Qmp qemu, ServerSocketChannel server, Path state, MemoryCopy memory)
      throws IOException {
    qemu.ask("migrate-set-capabilities", withoutMemory());
    long stopped = System.nanoTime();
    qemu.ask("stop", Qmp.arguments());
    var changes = memory.begin();
    qemu.ask("migrate", Qmp.arguments().put("uri", "unix:" + SOCKET));
    receive(server, state);
    awaitCompletion(qemu);
    changes.await();
    qemu.ask("cont", Qmp.arguments());
    return Duration.ofNanos(System.nanoTime() - stopped);
  }

  private void goOn(SkepException failure) {
    try {
      vm.resume();
    } catch (SkepException e) {
      failure.addSuppressed(e);
    }
  }

  /** QEMU's descriptor of the guest's memory. */
  private Path memoryFile() {
    try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
      return descriptors.filter(QemuSave::isMemory).findFirst().orElseThrow(this::restored);
    } catch (IOException e) {
      throw new SkepException(Code.UNAVAILABLE, "VMM " + process + ": " + e, e);
    }
  }

  private static boolean isMemory(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().startsWith("/memfd:memory-backend");
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  private SkepException restored() {
    return new SkepException(
        Code.UNSUPPORTED,
        "VMM "
            + process
            + ": its guest was restored (expected: one that was booted; a snapshot of a clone would"
            + " depend on its parent)");
  }

  private Path socket() {
    return process.resolve("cwd").resolve(SOCKET);
  }

  private void listen(ServerSocketChannel server) throws IOException {
    Files.deleteIfExists(socket());
    server.bind(UnixDomainSocketAddress.of(socket()));
    // the folder is the VMM's alone
    Files.setPosixFilePermissions(socket(), PosixFilePermissions.fromString("rw-rw-rw-"));
  }

  /** Memory that is shared stays where it is. */
  static ObjectNode withoutMemory() {
    var arguments = Qmp.arguments();
    arguments
        .putArray("capabilities")
        .addObject()
        .put("capability", "x-ignore-shared")
        .put("state", true);
    return arguments;
  }

  private static void receive(ServerSocketChannel server, Path file) throws IOException {
    try (SocketChannel from = server.accept();
        var to = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long at = 0;
      for (long got; (got = to.transferFrom(from, at, MAX_STATE_BYTES - at)) > 0; ) {
        at += got;
      }
      if (at >= MAX_STATE_BYTES) {
        throw new IOException("more than " + (MAX_STATE_BYTES >> 20) + " MiB");
      }
    }
  }

  private static void awaitCompletion(Qmp qemu) throws IOException {
    while (true) {
      JsonNode progress = qemu.ask("query-migrate", Qmp.arguments());
      switch (progress.path("status").asString("")) {
        case "completed" -> {
          return;
        }
        case "failed", "cancelled" ->
            throw new SkepException(
                Code.INTERNAL,
                "QEMU could not save its state: " + progress.path("error-desc").asString(""));
        default -> pause();
      }
    }
  }

  static void pause() throws IOException {
    try {
      TimeUnit.MILLISECONDS.sleep(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static void deleteQuietly(Path socket) {
    try {
      Files.deleteIfExists(socket);
    } catch (IOException e) {
      // it goes with the folder
    }
  }
}
