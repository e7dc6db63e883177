package dev.skep.gvisor;

import dev.skep.host.Host;
import dev.skep.host.HostConfig;
import dev.skep.testkit.HostedRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The two versions of runsc that tests run, as {@code testbed/runsc} leaves them in the cache. */
enum TestRunsc {
  CURRENT("gvisor-v0"),
  DEBIAN("gvisor-bookworm");

  private final String prefix;

  TestRunsc(String prefix) {
    this.prefix = prefix;
  }

  void assumeUsable() {
    Assumptions.assumeTrue(
        System.getProperty("user.name").equals("root"), "gVisor needs root (namespaces, mounts)");
    Assumptions.assumeTrue(find().isPresent(), "no runsc in the cache: run testbed/runsc");
  }

  GvisorConfig config() {
    return new GvisorConfig(find(), Optional.empty());
  }

  /** A runtime with a host of its own, as a daemon has. */
  HostedRuntime<GvisorRuntime> open(Path state) {
    Host host = Host.open(new HostConfig(state, Optional.empty(), Optional.empty(), 2));
    return new HostedRuntime<>(GvisorRuntime.open(host, config()), host);
  }

  private Optional<Path> find() {
    String asked = System.getenv("SKEP_CACHE");
    Path cache =
        asked == null ? Path.of(System.getProperty("user.home"), ".cache", "skep") : Path.of(asked);
    try (Stream<Path> tools = Files.list(cache.resolve("tools"))) {
      return tools
          .filter(tool -> tool.getFileName().toString().startsWith(prefix))
          .map(tool -> tool.resolve("runsc"))
          .filter(Files::isExecutable)
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
