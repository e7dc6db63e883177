package dev.skep.gvisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Sandboxes of the test image, each with a name of its own. */
record TestSandboxes(SandboxRuntime runtime, Path folder) {
  static final Probe RUNS =
      new Probe(
          new Probe.Exec(List.of("/bin/inspect", "id")),
          Duration.ZERO,
          Duration.ZERO,
          Duration.ofSeconds(5),
          1,
          3);

  SandboxSpec spec(String id, String user, String workingDir, Probe readiness, String... argv) {
    return new SandboxSpec(
        id,
        "host-" + id,
        Map.of(),
        TestImages.erofs(),
        "sha256:" + "0".repeat(64),
        new ProcessSpec(List.of(argv), Map.of("PORT", "8080", "GREETING", "hi"), user, workingDir),
        new Resources(0.5, 64L << 20),
        8080,
        readiness,
        Duration.ofSeconds(60),
        NetworkPolicy.DEFAULT,
        folder.resolve(id + ".log"));
  }

  SandboxSpec server(String id) {
    return spec(id, "", "/", Probe.onPort(), "/kit", "serve");
  }

  Sandbox started(SandboxSpec spec, StartPlan plan) {
    StartOutcome outcome = runtime.start(spec, plan, new PhaseRecorder(System::nanoTime));
    assertThat(outcome).isInstanceOf(StartOutcome.Ok.class);
    return ((StartOutcome.Ok) outcome).sandbox();
  }

  static List<String> run(Sandbox sandbox, String... argv) {
    ExecResult result = sandbox.exec(List.of(argv), new byte[0], Duration.ofSeconds(20));
    return new String(result.stdout(), StandardCharsets.UTF_8).lines().toList();
  }

  static List<String> inspect(Sandbox sandbox, String... words) {
    var argv = new ArrayList<>(List.of("/bin/inspect"));
    argv.addAll(List.of(words));
    return run(sandbox, argv.toArray(String[]::new));
  }

  static String get(Sandbox sandbox) throws IOException, InterruptedException {
    var endpoint = sandbox.endpoint();
    String authority = endpoint.getAddress().getHostAddress() + ":" + endpoint.getPort();
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
              HttpRequest.newBuilder(URI.create("http://" + authority))
                  .timeout(Duration.ofSeconds(20))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }
}
