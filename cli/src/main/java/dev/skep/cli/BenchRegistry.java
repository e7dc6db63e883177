package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A registry (docker-registry) in a network namespace of its own, behind a link whose speed can be
 * set. Both go however the process ends.
 */
final class BenchRegistry implements AutoCloseable {
  private static final int PORT = 5000;
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration COPY_LIMIT = Duration.ofMinutes(5);

  private final String namespace;
  private final String near;
  private final String far;
  private final String network;
  private final Path folder;
  private final AtomicBoolean closed = new AtomicBoolean();
  private @Nullable Process process;

  /**
   * @param folder gets what is pushed, and goes with the registry
   */
  BenchRegistry(Path folder) {
    long id = ProcessHandle.current().pid();
    this.namespace = "skep-bench-" + id;
    this.near = "skb" + id + "n";
    this.far = "skb" + id + "f";
    // 198.18.0.0/15 is for benchmarks (RFC 2544): nobody's addresses
    this.network = "198.18.%d.%d".formatted(id >> 6 & 255, (id & 63) << 2);
    this.folder = folder;
  }

  private String address(int host) {
    int dot = network.lastIndexOf('.');
    return network.substring(0, dot + 1) + (Integer.parseInt(network.substring(dot + 1)) + host);
  }

  /** {@code HOST:PORT}. */
  String name() {
    return address(2) + ":" + PORT;
  }

  boolean start() throws IOException, InterruptedException {
    Runtime.getRuntime()
        .addShutdownHook(Thread.ofPlatform().name("registry-cleanup").unstarted(this::close));
    run("ip", "netns", "add", namespace);
    run("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", namespace);
    run("ip", "address", "add", address(1) + "/30", "dev", near);
    run("ip", "link", "set", near, "up");
    run("ip", "-n", namespace, "address", "add", address(2) + "/30", "dev", far);
    run("ip", "-n", namespace, "link", "set", far, "up");
    Path config = folder.resolve("registry.yml");
    Files.writeString(
        config,
        """
        version: 0.1
        log: {level: error, accesslog: {disabled: true}}
        storage: {filesystem: {rootdirectory: '%s'}}
        http: {addr: '%s'}
        """
            .formatted(folder.resolve("data"), name()));
    process =
        new ProcessBuilder(
                "ip", "netns", "exec", namespace, "docker-registry", "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("registry.log").toFile())
            .start();
    await(process);
    return true;
  }

  private void await(Process registry) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!answers()) {
      if (!registry.isAlive() || System.nanoTime() > deadline) {
        throw new SkepException(
            Code.UNAVAILABLE,
            "the registry of the benchmark does not answer at %s (see %s)"
                .formatted(name(), folder.resolve("registry.log")));
      }
      Thread.sleep(50);
    }
  }

  private boolean answers() {
    try (var probe = new Socket()) {
      probe.connect(new InetSocketAddress(address(2), PORT), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Pushes what is in an OCI layout folder; gives its reference. */
  String push(Path layout, String tag) {
    String reference = name() + "/bench:" + tag;
    Command.of(
            "skopeo",
            "copy",
            "--insecure-policy",
            "-q",
            "--dest-tls-verify=false",
            "oci:" + layout,
            "docker://" + reference)
        .within(COPY_LIMIT)
        .run();
    return reference;
  }

  /** From now on the registry sends that much at most; 0 is no limit. */
  void limit(int megabits) {
    if (megabits == 0) {
      Command.of("tc", "-n", namespace, "qdisc", "del", "dev", far, "root").tryRun();
      return;
    }
    // as much at once as passes in 2 ms, and a queue of 50 ms, as in a router
    long burst = Math.max(32_000, megabits * 250L);
    run(
        "tc",
        "-n",
        namespace,
        "qdisc",
        "replace",
        "dev",
        far,
        "root",
        "tbf",
        "rate",
        megabits + "mbit",
        "burst",
        Long.toString(burst),
        "latency",
        "50ms");
  }

  /** Bytes that have come over the link, with all headers. */
  long received() throws IOException {
    Path counter = Path.of("/sys/class/net", near, "statistics/rx_bytes");
    return Long.parseLong(Files.readString(counter).strip());
  }

  private static void run(String... command) {
    Command.of(command).run();
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    Process registry = process;
    if (registry != null) {
      registry.destroyForcibly().onExit().join();
    }
    Command.of("ip", "link", "del", near).tryRun();
    Command.of("ip", "netns", "del", namespace).tryRun();
    try {
      Folders.delete(folder);
    } catch (IOException e) {
      System.err.println("skep: " + folder + " is left behind: " + e);
    }
  }
}
