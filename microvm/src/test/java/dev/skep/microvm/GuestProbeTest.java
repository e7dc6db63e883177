package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.Probe;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Starts that hang on the guest's own eyes: readiness probes, and commands that cannot run. */
@Tag("integration")
class GuestProbeTest {
  @TempDir static Path state;
  private static GuestHost host;

  @BeforeAll
  static void openHost() {
    TestHost.assumeUsable();
    host = new GuestHost(state, 1);
  }

  @AfterAll
  static void closeHost() {
    if (host != null) {
      host.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"http,ok", "grpc,serving"})
  void readyOnceTheProbeIsAnsweredWell(String type, String answer) {
    Sandbox sandbox = host.started("app", probe(type), serve(answer));

    assertThat(sandbox.state()).isEqualTo(Sandbox.State.READY);
    sandbox.stop(Duration.ZERO);
  }

  @ParameterizedTest
  @CsvSource({
    "http,busy,status 503 (expected: 200 to 399)",
    "grpc,not-serving,health status NOT_SERVING (expected: SERVING)",
    "grpc,ok,connection closed before an answer (expected: HTTP/2)",
    "exec,ok,'command inspekt: not found'"
  })
  void probeThatIsAnsweredBadlySaysWhat(String type, String answer, String message)
      throws Exception {
    StartFailure failure = host.refused("app", probe(type), serve(answer));

    assertThat(failure.reason()).isEqualTo(Reason.PROBE_TIMEOUT);
    assertThat(failure.message()).contains(message);
    assertThat(failure.lastOutput()).contains("listening");
  }

  @ParameterizedTest
  @CsvSource({
    "for-arm,an ELF file for machine 183 (expected: 62",
    "script,'needs /usr/bin/nodejs, which is not in the image'",
    "plain,'mode 0644, not executable for user 1000'",
    "/etc,a folder (expected: a program)"
  })
  void commandThatCannotRunSaysWhy(String command, String message) throws Exception {
    StartFailure failure = host.refused("app", GuestHost.RUNS, command);

    assertThat(failure.reason()).isEqualTo(Reason.COMMAND_NOT_FOUND);
    assertThat(failure.message()).contains(command).contains(message);
  }

  private static String[] serve(String answer) {
    return new String[] {"inspect", "serve", "8080", "/answers/" + answer};
  }

  private static Probe probe(String type) {
    return GuestHost.probe(
        switch (type) {
          case "http" -> new Probe.Http(0, "/healthz", Map.of("X-A", "b"));
          case "grpc" -> new Probe.Grpc(0, "helloworld.Greeter");
          default -> new Probe.Exec(List.of("inspekt"));
        });
  }
}
