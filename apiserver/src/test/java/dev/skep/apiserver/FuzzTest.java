package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Requests that schemathesis makes up from our own OpenAPI documents ({@code testbed/fuzz}, which
 * runs longer by itself), as a deployer and as a stranger.
 */
@Tag("integration")
class FuzzTest extends ApiTest {
  private static final String SEED = "1";

  @Test
  void answersWhateverItsDocumentsAllow() throws Exception {
    Answer added = api.post(RunningApi.SKEP + "/users", "{\"name\":\"eve\",\"role\":\"deployer\"}");
    assertThat(added.status()).as(added.message()).isEqualTo(201);
    Path log = state.resolve("fuzz.log");
    Process fuzz =
        new ProcessBuilder(
                "../testbed/fuzz",
                "--server",
                "https://127.0.0.1:" + api.server.port(),
                "--authorities",
                state.resolve("api.crt").toString(),
                "--token",
                added.at("/token"),
                "--seconds",
                "45",
                "--seed",
                SEED)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      assertThat(fuzz.waitFor(240, TimeUnit.SECONDS)).as("ends in time").isTrue();
    } finally {
      fuzz.descendants().forEach(ProcessHandle::destroy);
      fuzz.destroy();
    }
    String output = Files.readString(log, StandardCharsets.UTF_8);
    Assumptions.assumeFalse(fuzz.exitValue() == 3, () -> "testbed/fuzz: " + output);
    assertThat(fuzz.exitValue()).as("seed %s: %s", SEED, output).isZero();
  }
}
