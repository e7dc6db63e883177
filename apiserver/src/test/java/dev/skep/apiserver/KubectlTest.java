package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An unmodified kubectl as the client. */
@Tag("integration")
class KubectlTest {
  @TempDir Path state;
  @TempDir Path home;
  private RunningApi api;

  @BeforeEach
  void start() throws Exception {
    boolean installed =
        List.of(System.getenv().getOrDefault("PATH", "").split(":", -1)).stream()
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "kubectl")));
    if (!installed) {
      Assumptions.abort("kubectl is not on the PATH");
    }
    api = new RunningApi(state);
  }

  @AfterEach
  void stop() {
    if (api != null) {
      api.close();
    }
  }

  @Test
  void createsGetsEditsAndDeletesServices() throws Exception {
    Path file = home.resolve("hello.json");
    Files.writeString(file, RunningApi.service("hello"));
    assertThat(kubectl("create", "--validate=false", "-f", file.toString()))
        .contains("service.serving.knative.dev/hello created");
    assertThat(kubectl("get", "ksvc"))
        .containsPattern("NAME +URL +LATESTCREATED +LATESTREADY +READY +REASON")
        .contains("hello");
    assertThat(kubectl("get", "ksvc", "-A", "-o", "name"))
        .contains("services.serving.knative.dev/hello".replace("services", "service"));
    assertThat(
            kubectl("get", "ksvc", "hello", "-o", "jsonpath={.spec.template.spec.timeoutSeconds}"))
        .isEqualTo("300");
    assertThat(kubectl("label", "ksvc", "hello", "tier=front")).contains("labeled");
    assertThat(kubectl("get", "ksvc", "-l", "tier=front", "-o", "name")).contains("hello");
    assertThat(kubectl("apply", "--validate=false", "-f", file.toString())).contains("configured");
    assertThat(kubectl("delete", "ksvc", "hello")).contains("deleted");
    assertThat(kubectl("get", "ksvc", "hello")).contains("(NotFound)");
  }

  @Test
  void showsOurMessages() throws Exception {
    Path file = home.resolve("bad.json");
    Files.writeString(file, RunningApi.service("hello", "UPPER"));
    assertThat(kubectl("create", "--validate=false", "-f", file.toString()))
        .contains("Failed to parse image reference: spec.template.spec.containers[0].image");
  }

  private String kubectl(String... arguments) throws IOException, InterruptedException {
    var command =
        new ArrayList<>(List.of("kubectl", "--kubeconfig", api.server.kubeconfig().toString()));
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("HOME", home.toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return output;
  }
}
