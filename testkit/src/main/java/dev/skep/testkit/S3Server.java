package dev.skep.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** A real S3 server (versitygw) over a folder, in which each object is a file. */
public final class S3Server implements AutoCloseable {
  public static final String BUCKET = "snapshots";

  /** What it lets in, as the AWS SDK and its like find it in their environment. */
  public static final Map<String, String> CREDENTIALS =
      Map.of("AWS_ACCESS_KEY_ID", "skep-test", "AWS_SECRET_ACCESS_KEY", "not-for-any-log");

  private static final long START_MILLIS = 20_000;

  private final Path program;
  private final Path folder;
  private final int port;
  private @Nullable Process process;

  private S3Server(Path program, Path folder, int port) {
    this.program = program;
    this.folder = folder;
    this.port = port;
  }

  /** Starts it in a new folder; the test is skipped, and says why, where there is none. */
  public static S3Server start(Path folder) throws IOException, InterruptedException {
    Optional<Path> program = program();
    Assumptions.assumeTrue(
        program.isPresent(), "versitygw is not in the cache ('testbed/versitygw' builds it)");
    Files.createDirectories(folder.resolve("data").resolve(BUCKET));
    Files.createDirectories(folder.resolve("sidecar"));
    var server = new S3Server(program.orElseThrow(), folder, freePort());
    server.resume();
    return server;
  }

  private static Optional<Path> program() throws IOException {
    String cache = System.getenv("SKEP_CACHE");
    Path tools =
        (cache == null ? Path.of(System.getProperty("user.home"), ".cache/skep") : Path.of(cache))
            .resolve("tools");
    if (!Files.isDirectory(tools)) {
      return Optional.empty();
    }
    try (Stream<Path> found = Files.list(tools)) {
      return found
          .filter(each -> each.getFileName().toString().startsWith("versitygw-"))
          .map(each -> each.resolve("versitygw"))
          .filter(Files::isExecutable)
          .max(Comparator.naturalOrder());
    }
  }

  private static int freePort() throws IOException {
    try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }

  public int port() {
    return port;
  }

  public String endpoint() {
    return "http://127.0.0.1:" + port;
  }

  /** The bucket's objects, by key. */
  public Path bucket() {
    return folder.resolve("data").resolve(BUCKET);
  }

  /** It goes away; what it has stored stays. */
  public void interrupt() {
    if (process != null) {
      process.destroyForcibly().onExit().join();
      process = null;
    }
  }

  /** It comes back, at the same address. */
  public void resume() throws IOException, InterruptedException {
    var builder =
        new ProcessBuilder(
                program.toString(),
                "--quiet",
                "--port",
                "127.0.0.1:" + port,
                "posix",
                "--sidecar",
                folder.resolve("sidecar").toString(),
                folder.resolve("data").toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile());
    builder.environment().put("ROOT_ACCESS_KEY", CREDENTIALS.get("AWS_ACCESS_KEY_ID"));
    builder.environment().put("ROOT_SECRET_KEY", CREDENTIALS.get("AWS_SECRET_ACCESS_KEY"));
    process = builder.start();
    long deadline = System.currentTimeMillis() + START_MILLIS;
    while (!listens()) {
      if (System.currentTimeMillis() > deadline || !process.isAlive()) {
        throw new IOException("versitygw: " + Files.readString(folder.resolve("log")));
      }
      Thread.sleep(20);
    }
  }

  private boolean listens() {
    try (var probe = new Socket()) {
      probe.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** All objects below the prefix. */
  public List<Path> objects(String prefix) {
    Path below = bucket().resolve(prefix);
    if (!Files.isDirectory(below)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(below)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    interrupt();
  }
}
