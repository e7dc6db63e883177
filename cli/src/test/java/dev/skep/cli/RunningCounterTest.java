package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
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

  private Path state;
  private SkepScript skep;

  @BeforeAll
  void start() throws IOException {
    Assumptions.assumeTrue(
        "root".equals(System.getProperty("user.name")), "needs root: namespaces, cgroups");
    state = Files.createTempDirectory(Path.of("/tmp"), "skep-it");
    skep = SkepScript.in(state);
    String counter = built("counter");
    String redis = built("redis");
    succeed(skep.up());
    importImage("counter", counter, "--cmd", "/usr/bin/python3 -S /app/server.pyc");
    importImage("redis", redis, "--entrypoint", "/usr/bin/redis-server");
  }

  @AfterAll
  void stop() throws IOException {
    if (skep != null) {
      skep.run("down");
      try (Stream<Path> files = Files.walk(state)) {
        files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
  }

  private String built(String name) {
    SkepScript.Result built = skep.execute(List.of("examples/build", name));
    Assumptions.assumeTrue(built.code() == 0, "examples/build " + name + ": " + built.err());
    return built.out().strip().split(" ", 2)[1];
  }

  private void importImage(String name, String tar, String option, String command) {
    succeed(skep.run("image", "import", tar, "--name", "dev.local/" + name, option, command));
  }

  private static SkepScript.Result succeed(SkepScript.Result result) {
    assertThat(result.code()).as(result.err() + result.out()).isZero();
    return result;
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
    Json deployment = succeed(skep.run("get", "deployment", "counter-redis", "-o", "json")).json();
    return deployment.at("status", "readyReplicas").number();
  }

  private String pod() {
    return succeed(skep.run("get", "pods", "-o", "json"))
        .json()
        .at("items")
        .items()
        .getFirst()
        .at("metadata", "name")
        .text();
  }

  private void endInstances() {
    try (var api = new ApiClient(state)) {
      for (Json instance : api.get(ApiClient.instances("default")).at("items").items()) {
        String name = "-name skep-" + instance.at("name").text();
        ProcessHandle.allProcesses()
            .filter(process -> process.info().commandLine().orElse("").contains(name))
            .forEach(ProcessHandle::destroyForcibly);
      }
    }
  }

  private String count() {
    return succeed(skep.run("invoke", "counter", "-o", "json")).json().at("body").text();
  }

  @Test
  void theCountOutlivesTheFunctionsInstancesAndThoseOfRedis() {
    succeed(skep.run("apply", "-f", MANIFEST));
    awaitRedis();
    assertThat(count()).isEqualTo("1\n");
    assertThat(count()).isEqualTo("2\n");

    endInstances();
    assertThat(count()).as("by another instance").isEqualTo("3\n");

    String before = pod();
    succeed(skep.run("delete", "pod/" + before));
    Awaitility.await().atMost(PATIENCE).until(() -> !pod().equals(before));
    awaitRedis();
    assertThat(count()).as("by another Redis").isEqualTo("4\n");

    succeed(skep.run("delete", "-f", MANIFEST));
  }
}
