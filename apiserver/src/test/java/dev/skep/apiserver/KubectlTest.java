package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.skep.api.ApiJson;
import dev.skep.store.EventLog.About;
import dev.skep.store.ResourceKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An unmodified kubectl as the client, without flags that make it ask for less. */
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
  void createsGetsLabelsAndDeletesServices() throws Exception {
    String file = write("hello.json", RunningApi.service("hello"));
    assertThat(kubectl("create", "-f", file))
        .contains("service.serving.knative.dev/hello created")
        .doesNotContain("warning", "error");
    assertThat(kubectl("get", "ksvc"))
        .containsPattern("NAME +URL +LATESTCREATED +LATESTREADY +READY +REASON")
        .contains("hello");
    assertThat(kubectl("get", "ksvc", "-A", "-o", "name"))
        .contains("service.serving.knative.dev/hello");
    assertThat(
            kubectl("get", "ksvc", "hello", "-o", "jsonpath={.spec.template.spec.timeoutSeconds}"))
        .isEqualTo("300");
    assertThat(kubectl("label", "ksvc", "hello", "tier=front")).contains("labeled");
    assertThat(kubectl("get", "ksvc", "-l", "tier=front", "-o", "name")).contains("hello");
    assertThat(kubectl("describe", "ksvc", "hello"))
        .contains("Name:         hello", "Timeout Seconds:");
    assertThat(kubectl("delete", "ksvc", "hello")).contains("deleted");
    assertThat(kubectl("get", "ksvc", "hello")).contains("(NotFound)");
  }

  @Test
  void appliesAndShowsDifferences() throws Exception {
    String file = write("hello.json", RunningApi.service("hello"));
    assertThat(kubectl("apply", "-f", file))
        .isEqualTo("service.serving.knative.dev/hello created\n");
    // Its list of containers is one value: kubectl sends it again, as with Knative's own server.
    assertThat(kubectl("apply", "-f", file)).contains("service.serving.knative.dev/hello");
    assertThat(kubectl("get", "ksvc", "hello", "-o", "jsonpath={.metadata.generation}"))
        .isEqualTo("1");
    assertThat(kubectl("diff", "-f", file)).isEmpty();
    write("hello.json", RunningApi.service("hello", "hello:2"));
    assertThat(kubectl("diff", "-f", file))
        .contains("-      - image: hello:1", "+      - image: hello:2");
    assertThat(kubectl("apply", "-f", file))
        .isEqualTo("service.serving.knative.dev/hello configured\n");
    String map = write("map.yaml", map("a: '1'"));
    assertThat(kubectl("apply", "-f", map)).isEqualTo("configmap/settings created\n");
    assertThat(kubectl("apply", "-f", map)).isEqualTo("configmap/settings unchanged\n");
    write("map.yaml", map("b: '2'"));
    assertThat(kubectl("apply", "-f", map)).isEqualTo("configmap/settings configured\n");
    assertThat(kubectl("get", "cm", "settings", "-o", "jsonpath={.data}"))
        .isEqualTo("{\"b\":\"2\"}");
  }

  private static String map(String data) {
    return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  " + data + "\n";
  }

  @Test
  void appliesOnTheServerAndTellsOfConflicts() throws Exception {
    String file = write("map.yaml", map("a: '1'"));
    String[] apply = {"apply", "--server-side", "-f", file};
    assertThat(kubectl(apply)).isEqualTo("configmap/settings serverside-applied\n");
    assertThat(kubectl("patch", "cm", "settings", "-p", "{\"data\":{\"a\":\"3\"}}"))
        .contains("patched");
    assertThat(kubectl(apply))
        .contains("Apply failed with 1 conflict: conflict with \"kubectl-patch\" using v1 at ")
        .contains(": .data.a");
    assertThat(kubectl("apply", "--server-side", "--force-conflicts", "-f", file))
        .contains("serverside-applied");
    assertThat(kubectl("get", "cm", "settings", "-o", "jsonpath={.data.a}")).isEqualTo("1");
    assertThat(kubectl("get", "cm", "settings", "--show-managed-fields", "-o", "yaml"))
        .contains("operation: Apply", "f:a: {}");
    String service = write("hello.json", RunningApi.service("hello"));
    assertThat(kubectl("apply", "-f", service)).contains("created");
    assertThat(kubectl("apply", "--server-side", "-f", service)).contains("serverside-applied");
  }

  @Test
  void explainsKinds() throws Exception {
    assertThat(kubectl("explain", "ksvc.spec.template.spec"))
        .contains("KIND:       Service", "GROUP:      serving.knative.dev", "containerConcurrency");
    assertThat(kubectl("explain", "route.spec.traffic"))
        .contains("KIND:       Route", "latestRevision", "configurationName", "percent");
    assertThat(kubectl("explain", "rev.spec.containers")).contains("KIND:       Revision", "image");
    assertThat(kubectl("explain", "secret")).contains("stringData");
    assertThat(kubectl("api-resources"))
        .containsPattern("services +kservice,ksvc +serving.knative.dev/v1 +true +Service")
        .containsPattern("configurations +config,cfg +serving.knative.dev/v1 +true +Configuration")
        .containsPattern("routes +rt +serving.knative.dev/v1 +true +Route")
        .containsPattern("revisions +rev +serving.knative.dev/v1 +true +Revision")
        .containsPattern("namespaces +ns +v1 +false +Namespace");
  }

  @Test
  void patchesInThreeWays() throws Exception {
    assertThat(kubectl("create", "configmap", "settings", "--from-literal=a=1"))
        .contains("created");
    for (String[] patch :
        new String[][] {
          {"json", "[{\"op\":\"add\",\"path\":\"/data/b\",\"value\":\"2\"}]"},
          {"merge", "{\"data\":{\"c\":\"3\"}}"},
          {"strategic", "{\"data\":{\"a\":null}}"}
        }) {
      assertThat(kubectl("patch", "cm", "settings", "--type", patch[0], "-p", patch[1]))
          .isEqualTo("configmap/settings patched\n");
    }
    assertThat(kubectl("get", "cm", "settings", "-o", "jsonpath={.data}"))
        .isEqualTo("{\"b\":\"2\",\"c\":\"3\"}");
    kubectl("create", "-f", write("hello.json", RunningApi.service("hello")));
    assertThat(kubectl("patch", "ksvc", "hello", "-p", "{}"))
        .contains("application/strategic-merge-patch+json");
  }

  @Test
  void editsWithTheEditorOfTheUser() throws Exception {
    kubectl("create", "-f", write("hello.json", RunningApi.service("hello")));
    Path editor = home.resolve("editor");
    Files.writeString(
        editor, "#!/bin/sh\nexec sed -i 's/timeoutSeconds: 300/timeoutSeconds: 60/' \"$1\"\n");
    assertThat(editor.toFile().setExecutable(true)).isTrue();
    assertThat(kubectl(Map.of("EDITOR", editor.toString()), "edit", "ksvc", "hello"))
        .contains("service.serving.knative.dev/hello edited");
    assertThat(
            kubectl("get", "ksvc", "hello", "-o", "jsonpath={.spec.template.spec.timeoutSeconds}"))
        .isEqualTo("60");
  }

  @Test
  void waitsForConditionsAndDeletions() throws Exception {
    kubectl("create", "-f", write("hello.json", RunningApi.service("hello")));
    Process waiting =
        started(Map.of(), "wait", "--for=condition=Ready", "ksvc/hello", "--timeout=20s");
    api.store.updateStatus(
        ResourceKind.KNATIVE_SERVICE,
        "default",
        "hello",
        status -> {
          status.put("observedGeneration", 1);
          status
              .putArray("conditions")
              .add(ApiJson.object().put("type", "Ready").put("status", "True"));
          return status;
        });
    assertThat(output(waiting)).isEqualTo("service.serving.knative.dev/hello condition met\n");
    Process gone = started(Map.of(), "wait", "--for=delete", "ksvc/hello", "--timeout=20s");
    kubectl("delete", "ksvc", "hello");
    assertThat(output(gone)).doesNotContain("timed out");
  }

  @Test
  void watchesAsATable() throws Exception {
    kubectl("create", "-f", write("hello.json", RunningApi.service("hello")));
    Process watching = started(Map.of(), "get", "ksvc", "-w");
    try (var lines = watching.inputReader()) {
      assertThat(lines.readLine()).containsPattern("NAME +URL");
      assertThat(lines.readLine()).startsWith("hello");
      kubectl("create", "-f", write("two.json", RunningApi.service("two")));
      assertThat(lines.readLine()).startsWith("two");
    } finally {
      watching.destroy();
    }
  }

  @Test
  void tellsWhatHasHappened() throws Exception {
    kubectl("create", "-f", write("hello.json", RunningApi.service("hello")));
    var hello =
        new About(
            ResourceKind.KNATIVE_SERVICE,
            "default",
            "hello",
            kubectl("get", "ksvc", "hello", "-o", "jsonpath={.metadata.uid}"));
    api.events.normal(hello, "Created", "Created Configuration \"hello\"");
    api.events.warning(hello, "InternalError", "it is on fire");
    assertThat(kubectl("describe", "ksvc", "hello"))
        .containsPattern("Type +Reason +Age +From +Message")
        .containsPattern("Normal +Created .*service-controller +Created Configuration \"hello\"")
        .containsPattern("Warning +InternalError .*it is on fire");
    assertThat(kubectl("get", "events"))
        .containsPattern("LAST SEEN +TYPE +REASON +OBJECT +MESSAGE")
        .containsPattern("Normal +Created +service/hello +Created Configuration");
    assertThat(kubectl("get", "events.v1.events.k8s.io", "--field-selector", "type=Warning"))
        .contains("it is on fire")
        .doesNotContain("Created");
  }

  @Test
  void showsWhatKnativeHasBesideARevision() throws Exception {
    kubectl("apply", "-f", write("revision.json", REVISION));
    kubectl("apply", "-f", write("route.json", ROUTE));
    api.instances.add("one", "hello", "ready");
    assertThat(
            kubectl(
                "get", "kpa,metric,sks,king,images.caching.internal.knative.dev", "--no-headers"))
        .containsPattern("podautoscaler.autoscaling.*/hello-00001 +1 +1 +True")
        .containsPattern("metric.autoscaling.*/hello-00001 +True")
        .containsPattern("serverlessservice.networking.*/hello-00001 +Serve +1 +hello-00001")
        .containsPattern("ingress.networking.*/hello ")
        .containsPattern("image.caching.*/hello-00001-cache-user-container +hello:1");
    assertThat(kubectl("describe", "kpa", "hello-00001")).contains("Scale Target Ref");
    assertThat(kubectl("label", "kpa", "hello-00001", "a=b")).contains("the server makes them");
  }

  private static final String REVISION =
      """
      {"apiVersion": "serving.knative.dev/v1", "kind": "Revision",
       "metadata": {"name": "hello-00001"}, "spec": {"containers": [{"image": "hello:1"}]}}
      """;

  private static final String ROUTE =
      """
      {"apiVersion": "serving.knative.dev/v1", "kind": "Route", "metadata": {"name": "hello"},
       "spec": {"traffic": [{"revisionName": "hello-00001", "percent": 100}]}}
      """;

  @Test
  void watchesPodsOfFunctions() throws Exception {
    api.instances.add("one", "hello", "ready");
    Process watching = started(Map.of(), "get", "pods", "-w");
    try (var lines = watching.inputReader()) {
      assertThat(lines.readLine()).startsWith("NAME");
      assertThat(lines.readLine()).startsWith("pod-one");
      api.instances.add("two", "hello", "ready");
      assertThat(lines.readLine()).startsWith("pod-two");
    } finally {
      watching.destroy();
    }
  }

  @Test
  void keepsNamespacesApart() throws Exception {
    assertThat(kubectl("create", "namespace", "team")).isEqualTo("namespace/team created\n");
    assertThat(kubectl("get", "ns"))
        .containsPattern("default +Active")
        .containsPattern("team +Active");
    kubectl("-n", "team", "create", "-f", write("hello.json", RunningApi.service("hello")));
    assertThat(kubectl("get", "ksvc")).contains("No resources found in default namespace.");
    assertThat(kubectl("get", "ksvc", "-A")).containsPattern("team +hello");
    assertThat(kubectl("-n", "none", "create", "configmap", "a"))
        .contains("namespaces \"none\" not found");
    assertThat(kubectl("delete", "ns", "team")).contains("\"team\" deleted");
    assertThat(kubectl("get", "ksvc", "-A")).contains("No resources found");
    assertThat(kubectl("delete", "ns", "default")).contains("this namespace may not be deleted");
  }

  @Test
  void saysWhatOneMayDo() throws Exception {
    assertThat(kubectl("auth", "can-i", "delete", "ksvc")).contains("yes");
    String token =
        api.post(RunningApi.SKEP + "/users", "{\"name\":\"eve\",\"role\":\"viewer\"}").at("/token");
    Path config = home.resolve("eve");
    Files.writeString(
        config,
        Files.readString(api.server.kubeconfig()).replaceAll("token: .*", "token: " + token));
    String[] eve = {"--kubeconfig", config.toString()};
    assertThat(kubectl(eve, "auth", "can-i", "delete", "ksvc")).contains("no");
    assertThat(kubectl(eve, "auth", "can-i", "get", "ksvc")).contains("yes");
    assertThat(kubectl(eve, "auth", "whoami")).contains("eve");
    assertThat(kubectl(eve, "auth", "can-i", "--list"))
        .containsPattern("revisions.serving.knative.dev +\\[] +\\[] +\\[get list watch]")
        .containsPattern("pods/log +\\[] +\\[] +\\[get]")
        .doesNotContain("secrets");
    assertThat(kubectl(eve, "create", "configmap", "a"))
        .contains(
            "User \"eve\" cannot create resource \"configmaps\" in API group \"\" in the namespace \"default\"");
  }

  /** Whether it asks for WebSocket first, as from 1.31 on, or knows SPDY alone, as before. */
  @ParameterizedTest
  @ValueSource(strings = {"true", "false"})
  void runsCommandsInPods(String webSocket) throws Exception {
    api.instances.add("one", "hello", "ready");
    Map<String, String> speaks = Map.of("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", webSocket);
    assertThat(kubectl(speaks, "exec", "pod-one", "--", "say", "it"))
        .contains("say it", "command terminated with exit code 3");
    Process reading = started(speaks, "exec", "-i", "pod-one", "--", "cat");
    try (var stdin = reading.outputWriter()) {
      stdin.write("from here\n".repeat(10_000));
    }
    assertThat(output(reading)).contains("cat", "from here\n".repeat(10_000));
    assertThat(kubectl(speaks, "exec", "none", "--", "a")).contains("pods \"none\" not found");
    assertThat(kubectl(speaks, "attach", "pod-one")).contains("attach is not supported");
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "false"})
  void forwardsPortsOfPods(String webSocket) throws Exception {
    HttpServer pod = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    pod.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    pod.start();
    int port = pod.getAddress().getPort();
    api.instances.add("one", "hello", "ready", "127.0.0.1:" + port);
    Process forwarding =
        started(
            Map.of("KUBECTL_PORT_FORWARD_WEBSOCKETS", webSocket),
            "port-forward",
            "pod/pod-one",
            ":" + port,
            ":1");
    try (var lines = forwarding.inputReader()) {
      var said = Pattern.compile("Forwarding from 127.0.0.1:(\\d+) -> " + port);
      var line = said.matcher("");
      while (!line.reset(String.valueOf(lines.readLine())).find()) {
        assertThat(forwarding.isAlive()).as(line.toString()).isTrue();
      }
      String url = "http://127.0.0.1:" + line.group(1) + "/";
      byte[] megabyte = new byte[1 << 20];
      new Random(7).nextBytes(megabyte);
      var calls = new ArrayList<CompletableFuture<HttpResponse<byte[]>>>();
      for (int i = 0; i < 4; i++) {
        var request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20));
        calls.add(
            api.client.sendAsync(
                request.POST(BodyPublishers.ofByteArray(megabyte)).build(),
                BodyHandlers.ofByteArray()));
      }
      for (var call : calls) {
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo(megabyte);
      }
    } finally {
      forwarding.destroy();
      pod.stop(0);
    }
  }

  @Test
  void showsOurMessages() throws Exception {
    assertThat(kubectl("create", "-f", write("bad.json", RunningApi.service("hello", "UPPER"))))
        .contains("Failed to parse image reference: spec.template.spec.containers[0].image");
    String unknown =
        RunningApi.service("hello")
            .replace("\"spec\": {\"template\"", "\"spec\": {\"x\": 1, \"template\"");
    assertThat(kubectl("apply", "-f", write("unknown.json", unknown)))
        .contains("strict decoding error: unknown field \"spec.x\"");
  }

  private String write(String name, String text) throws IOException {
    Path file = home.resolve(name);
    Files.writeString(file, text);
    return file.toString();
  }

  private String kubectl(String... arguments) throws IOException, InterruptedException {
    return kubectl(Map.of(), arguments);
  }

  private String kubectl(String[] before, String... arguments)
      throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of(before));
    all.addAll(List.of(arguments));
    return kubectl(Map.of(), all.toArray(String[]::new));
  }

  private String kubectl(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    return output(started(environment, arguments));
  }

  private Process started(Map<String, String> environment, String... arguments) throws IOException {
    var command = new ArrayList<>(List.of("kubectl"));
    if (!List.of(arguments).contains("--kubeconfig")) {
      command.addAll(List.of("--kubeconfig", api.server.kubeconfig().toString()));
    }
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("HOME", home.toString());
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static String output(Process process) throws IOException, InterruptedException {
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return output;
  }
}
