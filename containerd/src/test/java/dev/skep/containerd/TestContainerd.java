package dev.skep.containerd;

import dev.skep.host.Host;
import dev.skep.host.HostConfig;
import dev.skep.linux.Command;
import dev.skep.testkit.HostedRuntime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** The containerds that tests run: the host's installed one, and one of the testbed. */
final class TestContainerd {
  private TestContainerd() {}

  static void assumeUsable() {
    Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "containers need root");
    for (String program : new String[] {"containerd", "runc"}) {
      Assumptions.assumeTrue(
          Command.of(program, "--version").tryRun().isPresent(), program + ": not installed");
    }
  }

  /** Containerd 2.x; where it cannot be had, the test is skipped. */
  static Path second() {
    return built("2");
  }

  /** The same of the last 1.x. */
  static Path seventh() {
    return built("1.7");
  }

  private static Path built(String version) {
    Command.Result built =
        Command.of("../testbed/containerd", version)
            .within(Duration.ofMinutes(4))
            .tryRun()
            .orElseGet(() -> Assumptions.abort("testbed/containerd: cannot be run"));
    Assumptions.assumeTrue(
        built.exitCode() == 0, "containerd " + version + ": " + built.output().strip());
    return Path.of(built.output().strip().lines().toList().getLast());
  }

  /** Always one of our own: what the host runs is not for tests. */
  static HostedRuntime<ContainerRuntime> open(Path state, Path programs) {
    return open(state, new ContainerConfig(Optional.empty(), Optional.of(programs)));
  }

  /** With one that is there, or is not. */
  static HostedRuntime<ContainerRuntime> at(Path state, Path socket) {
    return open(state, new ContainerConfig(Optional.of(socket), Optional.empty()));
  }

  private static HostedRuntime<ContainerRuntime> open(Path state, ContainerConfig config) {
    Host host = Host.open(new HostConfig(state, Optional.empty(), Optional.empty(), 2));
    return new HostedRuntime<>(ContainerRuntime.open(host, config), host);
  }

  /** Where Debian puts it. */
  static Path installed() {
    Path folder = Path.of("/usr/bin");
    Assumptions.assumeTrue(
        Files.isExecutable(folder.resolve("containerd")), "containerd: not in " + folder);
    return folder;
  }
}
