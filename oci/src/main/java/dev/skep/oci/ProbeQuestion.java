package dev.skep.oci;

import dev.skep.api.Probe;
import dev.skep.api.SkepException;
import dev.skep.sandbox.ExecResult;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * One question of a probe, asked from the host.
 *
 * @param address of the port that a check means by 0
 */
public record ProbeQuestion(Probe.Check check, InetSocketAddress address, Exec exec) {
  /** Runs a command inside. */
  @FunctionalInterface
  public interface Exec {
    ExecResult run(List<String> argv, Duration timeout);
  }

  /** Empty where the answer is yes, else what was found. Blocks, at most for {@code timeout}. */
  public Optional<String> ask(Duration timeout) {
    return switch (check) {
      case Probe.None() -> Optional.empty();
      case Probe.Tcp(int port) -> Questions.tcp(at(port), timeout);
      case Probe.Http http -> Questions.http(at(http.port()), http, timeout);
      case Probe.Grpc(int port, String service) -> Questions.grpc(at(port), service, timeout);
      case Probe.Exec(List<String> command) -> command(command, timeout);
    };
  }

  private Optional<String> command(List<String> command, Duration timeout) {
    try {
      int code = exec.run(command, timeout).exitCode();
      return code == 0 ? Optional.empty() : Optional.of("exit code " + code);
    } catch (SkepException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private InetSocketAddress at(int port) {
    return port == 0 ? address : new InetSocketAddress(address.getAddress(), port);
  }

  /** What is not so while the answer is no. */
  public String expected() {
    return switch (check) {
      case Probe.None() -> "the process does not run";
      case Probe.Tcp(int port) -> "nothing accepts TCP connections on port " + at(port).getPort();
      case Probe.Http(int port, String path, _) ->
          "GET " + path + " on port " + at(port).getPort() + " does not answer 200 to 399";
      case Probe.Exec(List<String> command) -> String.join(" ", command) + " does not exit with 0";
      case Probe.Grpc(int port, String service) ->
          "gRPC health of '" + service + "' on port " + at(port).getPort() + " is not SERVING";
    };
  }
}
