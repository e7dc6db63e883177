package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Functions in real guests that call each other by their names in the cluster. */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RunningChainTest {
  private static final String HTTP = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String GRPC = "0af7651916cd43dd8448eb211c80319c";

  private static final String WINDOW = "autoscaling.knative.dev/window";

  private SkepScript skep;

  @BeforeAll
  void start() throws IOException {
    skep = SkepScript.inNewFolder();
    SkepScript.succeeded(skep.up());
  }

  @AfterAll
  void stop() throws IOException {
    if (skep != null) {
      skep.down();
    }
  }

  private void importExample(String name, String program) {
    String tar = skep.example(name);
    String command = "/usr/bin/python3 -S " + program;
    skep.succeed(
        "image", "import", tar, "--name", "dev.local/" + name, "--cmd", command, "--port", "8080");
  }

  /** Those that are killed would be replaced at once: they go for want of requests. */
  private void awaitNoInstances() {
    Awaitility.await().atMost(Duration.ofSeconds(90)).until(() -> ready().isEmpty());
  }

  private List<Json> ready() {
    try (var api = new ApiClient(skep.state())) {
      return api.get(ApiClient.instances("default")).at("items").items().stream()
          .filter(instance -> instance.at("state").text().equals("ready"))
          .toList();
    }
  }

  private String call(String... command) {
    Json answer = skep.succeed(command).json();
    return answer.at("start").text() + "\n" + answer.at("body").text();
  }

  @Test
  void httpGoesByNameThroughOneTraceColdAndWarm(@TempDir Path folder) throws IOException {
    importExample("chain", "/app/server.pyc");
    String example = Files.readString(skep.root().resolve("examples/chain/service.yaml"));
    Path manifest = folder.resolve("service.yaml");
    Files.writeString(
        manifest,
        example.replace(
            "  template:\n",
            "  template:\n    metadata:\n      annotations:\n        " + WINDOW + ": 20s\n"));
    skep.succeed("deploy", "-f", manifest.toString());
    String[] call = {"invoke", "chain-front", "-H", "Traceparent: " + parent(HTTP), "-o", "json"};

    assertThat(call(call)).matches(chained("warm"));
    awaitNoInstances();
    assertThat(call(call)).as("both start").matches(chained("cold"));
    assertOneTrace(HTTP, "chain-front", "chain-back");
  }

  private static String chained(String start) {
    return start + "\nchain-front " + parent(HTTP) + "\nchain-back " + child(HTTP) + "\n";
  }

  private static String parent(String trace) {
    return "00-" + trace + "-00f067aa0ba902b7-01";
  }

  private static String child(String trace) {
    return "00-" + trace + "-(?!00f067)[0-9a-f]{16}-01";
  }

  /** Of the cold call: one start within the other. */
  private void assertOneTrace(String trace, String front, String back) {
    assertThat(skep.succeed("why", "--trace", trace).out())
        .contains("Trace " + trace + ": 2 starts, ")
        .containsPattern("(?m)^" + front + " .*\\n  " + back + " ");
    assertThat(skep.succeed("why", back).out()).contains("skep why --trace " + trace);
  }

  @Test
  void grpcGoesByNameThroughOneTraceColdAndWarm() {
    importExample("greeter-python", "/app/greeter.pyc");
    deployGreeter("greeter-back");
    deployGreeter("greeter-front", "--env", "NEXT=greeter-back.default");
    String[] call = {
      "invoke",
      "greeter-front",
      "--grpc",
      "helloworld.Greeter/SayHello",
      "-d",
      "{\"name\":\"Skep\"}",
      "-H",
      "traceparent: " + parent(GRPC),
      "-o",
      "json"
    };

    assertThat(call(call)).startsWith("warm").contains(parent(GRPC)).containsPattern(child(GRPC));
    awaitNoInstances();
    assertThat(call(call)).startsWith("cold").contains(parent(GRPC)).containsPattern(child(GRPC));
    assertOneTrace(GRPC, "greeter-front", "greeter-back");
  }

  private void deployGreeter(String name, String... more) {
    var command =
        new ArrayList<>(
            List.of(
                "deploy",
                "dev.local/greeter-python",
                "--name",
                name,
                "--annotation",
                WINDOW + "=20s",
                "--memory",
                "128Mi",
                "--h2c",
                "--port",
                "8080"));
    command.addAll(List.of(more));
    skep.succeed(command.toArray(String[]::new));
  }
}
