package dev.skep.containerd;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import dev.skep.linux.ProcessWatch;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A containerd of this daemon's own: its root, state, socket and configuration are in one folder.
 * It survives the daemon, and while there is one it is started again whenever it ends.
 */
final class EmbeddedContainerd implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedContainerd.class);
  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration END = Duration.ofSeconds(10);
  private static final long RETRY_MILLIS = 5;
  private static final long RESTART_MILLIS = 500;

  private final Path folder;
  private final Optional<Path> programs;
  private final ProcessWatch watch;
  private boolean closed;

  /**
   * @param folder for all that it has
   * @param programs folder of {@code containerd} and its shim, where not those on the path are
   *     meant
   */
  EmbeddedContainerd(Path folder, Optional<Path> programs, ProcessWatch watch) {
    this.folder = folder;
    this.programs = programs;
    this.watch = watch;
  }

  Path socket() {
    return folder.resolve("containerd.sock");
  }

  /** Whether an earlier daemon has started it, and it was not stopped since. */
  boolean wasStarted() {
    return Files.exists(pidFile());
  }

  /**
   * Takes over the one that runs, or starts it, and waits until it listens.
   *
   * @throws SkepException UNSUPPORTED where there is no containerd on this host, UNAVAILABLE with
   *     its last words where it does not start
   */
  synchronized void ensure() {
    ProcessHandle process = running().orElseGet(this::start);
    awaitSocket(process);
    var _ = watch.onExit(process.pid()).thenRun(this::ended);
  }

  /** Ends it, when nothing runs in it any more. */
  synchronized void stop() {
    closed = true;
    running()
        .ifPresent(
            process -> {
              process.destroy();
              var _ =
                  process
                      .onExit()
                      .completeOnTimeout(process, END.toMillis(), TimeUnit.MILLISECONDS)
                      .join();
              process.destroyForcibly();
            });
    try {
      Files.deleteIfExists(pidFile());
    } catch (IOException e) {
      LOG.warn("{}: {}", pidFile(), e.getMessage());
    }
  }

  /** Lets go: it runs on. */
  @Override
  public synchronized void close() {
    closed = true;
  }

  /** Its process, where it is one of ours. */
  Optional<ProcessHandle> running() {
    try {
      long pid = Long.parseLong(Files.readString(pidFile()).strip());
      return ProcessHandle.of(pid).filter(process -> isOurs(process.pid()));
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private boolean isOurs(long pid) {
    try {
      Path arguments = Path.of("/proc", Long.toString(pid), "cmdline");
      return Files.readString(arguments).contains(configFile().toString());
    } catch (IOException e) {
      return false;
    }
  }

  private void ended() {
    Thread.ofVirtual().name("containerd-restart").start(this::restart);
  }

  private void restart() {
    while (!restarted()) {
      pause(RESTART_MILLIS);
    }
  }

  /** Also where nobody wants it any more. */
  private synchronized boolean restarted() {
    if (closed) {
      return true;
    }
    LOG.warn("containerd has ended and is started again; its last line: {}", lastLine());
    try {
      ensure();
      return true;
    } catch (SkepException e) {
      LOG.error("{}", e.getMessage());
      return false;
    }
  }

  /**
   * What its program and runc say of themselves.
   *
   * @throws SkepException UNSUPPORTED where one of them is not there
   */
  String version() {
    return versionOf(program()) + " with " + versionOf("runc");
  }

  private static String versionOf(String program) {
    return Command.of(program, "--version")
        .tryRun()
        .filter(result -> result.exitCode() == 0)
        .flatMap(result -> result.output().lines().findFirst())
        .map(line -> line.replaceAll("^(\\S+) \\S+ (\\S+).*", "$1 $2"))
        .orElseThrow(
            () ->
                new SkepException(
                    Code.UNSUPPORTED,
                    "%s: not on this host (%s)".formatted(program, ContainerdErrors.INSTALL)));
  }

  private String program() {
    return programs.map(each -> each.resolve("containerd").toString()).orElse("containerd");
  }

  /** In a session of its own, so that what ends the daemon's session does not reach it. */
  private ProcessHandle start() {
    try {
      Files.createDirectories(folder);
      Files.deleteIfExists(socket());
      Files.writeString(configFile(), config());
      var builder =
          new ProcessBuilder("setsid", program(), "--config", configFile().toString())
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
      String path = builder.environment().getOrDefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
      builder.environment().clear(); // the daemon's own may hold secrets
      builder.environment().put("PATH", programs.map(each -> each + ":" + path).orElse(path));
      Process process = builder.start();
      Files.writeString(pidFile(), Long.toString(process.pid()));
      return process.toHandle();
    } catch (IOException e) {
      throw new SkepException(Code.UNSUPPORTED, "containerd: cannot be started: " + e, e);
    }
  }

  private void awaitSocket(ProcessHandle process) {
    long deadline = System.nanoTime() + START.toNanos();
    while (!listens(socket())) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new SkepException(
            Code.UNAVAILABLE,
            "containerd: %s: %s (%s; expected: a containerd that runs; %s)"
                .formatted(
                    process.isAlive() ? "does not listen" : "ended at once",
                    lastLine(),
                    log(),
                    ContainerdErrors.INSTALL));
      }
      pause(RETRY_MILLIS);
    }
  }

  static boolean listens(Path socket) {
    try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException e) {
      return false;
    }
  }

  private static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while containerd started", e);
    }
  }

  /** Nothing of a kubelet's: only what runs containers. Read by 1.6, 1.7 and 2.x. */
  private String config() {
    return """
        version = 2
        root = "%1$s/root"
        state = "%1$s/run"
        disabled_plugins = [
          "io.containerd.grpc.v1.cri",
          "io.containerd.cri.v1.images",
          "io.containerd.cri.v1.runtime",
          "io.containerd.internal.v1.opt",
          "io.containerd.nri.v1.nri",
        ]
        [grpc]
          address = "%1$s/containerd.sock"
        [ttrpc]
          address = "%1$s/containerd.sock.ttrpc"
        """
        .formatted(folder);
  }

  private String lastLine() {
    try {
      List<String> lines = Files.readAllLines(log());
      return lines.isEmpty() ? "no output" : lines.getLast();
    } catch (IOException e) {
      return "its log cannot be read: " + e.getMessage();
    }
  }

  private Path configFile() {
    return folder.resolve("config.toml");
  }

  private Path pidFile() {
    return folder.resolve("containerd.pid");
  }

  private Path log() {
    return folder.resolve("containerd.log");
  }
}
