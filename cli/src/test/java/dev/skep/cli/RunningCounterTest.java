package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The example of a function that keeps its state in Redis, which has a volume for it. */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RunningCounterTest {
  private static final String MANIFEST = "examples/counter/service.yaml";
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private SkepScript skep;

  @BeforeAll
  void start() throws IOException {
    skep = SkepScript.inNewFolder();
    String counter = skep.example("counter");
    String redis = skep.example("redis");
    SkepScript.succeeded(skep.up());
    importImage("counter", counter, "--cmd", "/usr/bin/python3 -S /app/server.pyc");
    importImage("redis", redis, "--entrypoint", "/usr/bin/redis-server");
  }

  @AfterAll
  void stop() throws IOException {
    if (skep != null) {
      skep.down();
    }
  }

  private void importImage(String name, String tar, String option, String command) {
    skep.succeed("image", "import", tar, "--name", "dev.local/" + name, option, command);
  }

  private void awaitRedis() {
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(
            () ->
                assertThat(ready())
                    .as(skep.run("describe", "deployment/counter-redis").out())
                    .isOne());
  }

  private long ready() {
    Json deployment = skep.succeed("get", "deployment", "counter-redis", "-o", "json").json();
    return deployment.at("status", "readyReplicas").number();
  }

  private String pod() {
    return skep.succeed("get", "pods", "-o", "json").json().at("items").items().stream()
        .map(pod -> pod.at("metadata", "name").text())
        .filter(name -> name.startsWith("counter-redis-"))
        .findFirst()
        .orElseThrow();
  }

  private void endInstances() {
    try (var api = new ApiClient(skep.state())) {
      for (Json instance : api.get(ApiClient.instances("default")).at("items").items()) {
        String name = "-name skep-" + instance.at("name").text();
        ProcessHandle.allProcesses()
            .filter(process -> process.info().commandLine().orElse("").contains(name))
            .forEach(ProcessHandle::destroyForcibly);
      }
    }
  }

  private String count() {
    return skep.succeed("invoke", "counter", "-o", "json").json().at("body").text();
  }

  @Test
  void theCountOutlivesTheFunctionsInstancesAndThoseOfRedis() {
    skep.succeed("apply", "-f", MANIFEST);
    awaitRedis();
    assertThat(count()).isEqualTo("1\n");
    assertThat(count()).isEqualTo("2\n");

    endInstances();
    assertThat(count()).as("by another instance").isEqualTo("3\n");

    String before = pod();
    skep.succeed("delete", "pod/" + before);
    Awaitility.await().atMost(PATIENCE).until(() -> !pod().equals(before));
    awaitRedis();
    assertThat(count()).as("by another Redis").isEqualTo("4\n");

    skep.succeed("delete", "-f", MANIFEST);
  }
}
