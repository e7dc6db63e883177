package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CommandsTest extends CommandTest {
  private static final String SERVICE =
      """
      {"metadata":{"name":"hello","namespace":"default","generation":1,"creationTimestamp":"2026-01-01T00:00:00Z"},
       "status":{"observedGeneration":1,"url":"http://hello.default.example:8080",
                 "conditions":[{"type":"Ready","status":"%s","reason":"%s","message":"%s"}]}}
      """;

  private void serveHello(String status, String reason, String message) {
    String hello = SERVICE.formatted(status, reason, message);
    api.answer("GET /apis/serving.knative.dev/v1/services", 200, "{\"items\":[" + hello + "]}")
        .answer("GET /apis/serving.knative.dev/v1/namespaces/default/services/hello", 200, hello)
        .answer("PUT /apis/serving.knative.dev/v1/namespaces/default/services/hello", 200, hello)
        .answer(
            "GET /apis/skep.dev/v1/instances",
            200,
            "{\"items\":[{\"name\":\"a1\",\"namespace\":\"default\",\"service\":\"hello\",\"state\":\"ready\"}]}")
        .answer(
            "GET /apis/skep.dev/v1/namespaces/default/instances",
            200,
            "{\"items\":[{\"name\":\"a1\",\"namespace\":\"default\",\"service\":\"hello\",\"state\":\"ready\"}]}");
  }

  @Test
  void listsServicesWithTheirReadyInstances() {
    serveHello("True", "", "");
    assertThat(skep("ls")).isZero();
    assertThat(out().lines().toList())
        .hasSize(2)
        .last()
        .asString()
        .matches("hello +default +yes +1 +\\d+d +http://hello.default.example:8080");
    assertThat(out()).doesNotContain("\033");
  }

  @Test
  void printsWhatTheApiSaidAsJsonAndYaml() {
    serveHello("True", "", "");
    assertThat(skep("-o", "json", "ls")).isZero();
    assertThat(JsonText.read(out()).at("items").items()).hasSize(1);
    out.reset();
    assertThat(skep("ls", "-o", "yaml")).isZero();
    assertThat(out()).startsWith("items:\n- metadata:\n    name: hello\n");
  }

  @Test
  void saysWhatToDoWithoutADaemon() throws IOException {
    api.close();
    Files.delete(state.resolve("api.sock"));
    assertThat(skep("ls")).isEqualTo(4);
    assertThat(err()).startsWith("skep: no daemon: " + state).contains("skep up").hasLineCount(1);
  }

  @Test
  void suggestsTheCommandThatWasMeant() {
    assertThat(skep("delpoy")).isEqualTo(2);
    assertThat(err()).contains("did you mean deploy?");
    assertThat(err().lines().count()).isLessThanOrEqualTo(3);
  }

  @Test
  void suggestsTheOptionThatWasMeant() {
    assertThat(skep("deploy", "image", "--min-scal", "1")).isEqualTo(2);
    assertThat(err()).contains("did you mean --min-scale?");
  }

  @Test
  void fileOfABodyIsNoFileOfOptions() throws IOException {
    Path body = Files.writeString(state.resolve("body"), "--no-such-option");
    assertThat(skep("invoke", "nobody", "-d", "@" + body)).isEqualTo(3);
    assertThat(err()).contains("nobody").doesNotContain("--no-such-option");
  }

  @Test
  void createsTheServiceAndPrintsItsUrlOnceReady() {
    api.answer(
        "POST /apis/serving.knative.dev/v1/namespaces/default/services",
        201,
        SERVICE.formatted("Unknown", "Deploying", ""));
    assertThat(
            skep(
                "deploy",
                "localhost:5000/hello:v1",
                "-e",
                "A=x=y",
                "--memory",
                "512Mi",
                "--min-scale",
                "1",
                "--h2c",
                "--no-wait",
                "--",
                "-v"))
        .isZero();
    Json sent = api.seen().getLast().body();
    assertThat(sent.at("metadata", "name").text()).isEqualTo("hello");
    Json container = sent.at("spec", "template", "spec", "containers").items().getFirst();
    assertThat(container.at("image").text()).isEqualTo("localhost:5000/hello:v1");
    assertThat(container.at("args").items()).extracting(Json::text).containsExactly("-v");
    assertThat(container.at("env").items().getFirst().at("value").text()).isEqualTo("x=y");
    assertThat(container.at("ports").items().getFirst().at("name").text()).isEqualTo("h2c");
    assertThat(container.at("resources", "limits", "memory").text()).isEqualTo("512Mi");
    assertThat(
            sent.at("spec", "template", "metadata", "annotations")
                .at("autoscaling.knative.dev/min-scale")
                .text())
        .isEqualTo("1");
  }

  @Test
  void replacesAServiceThatExistsAndWaitsForIt() {
    serveHello("True", "", "");
    assertThat(skep("deploy", "hello")).isZero();
    assertThat(out()).isEqualTo("http://hello.default.example:8080\n");
    assertThat(api.seen()).extracting(FakeApi.Seen::method).contains("PUT");
  }

  @Test
  void printsWhyADeploymentFailedWithTheLastLinesOfTheGuest() {
    serveHello("False", "RevisionFailed", "exit code 3");
    api.answer(
        "GET /apis/skep.dev/v1/starts?limit=1&namespace=default&service=hello",
        200,
        "{\"items\":[{\"failure\":{\"reason\":\"GUEST_EXIT\",\"message\":\"exit code"
            + " 3\",\"exitCode\":3,\"lastOutput\":[\"boom\"]}}]}");
    assertThat(skep("deploy", "hello")).isEqualTo(1);
    assertThat(err())
        .contains("RevisionFailed: exit code 3")
        .contains("exit code: 3")
        .contains("| boom");
  }

  @Test
  void deploysEveryServiceOfAManifest() throws IOException {
    Path manifest = state.resolve("two.yaml");
    Files.writeString(
        manifest, "metadata: {name: a}\n---\nmetadata: {name: b, namespace: other}\n");
    api.answer("POST /apis/serving.knative.dev/v1/namespaces/default/services", 201, "{}")
        .answer("POST /apis/serving.knative.dev/v1/namespaces/other/services", 201, "{}");
    assertThat(skep("deploy", "--no-wait", "-f", manifest.toString())).isZero();
    assertThat(api.seen()).filteredOn(seen -> seen.method().equals("POST")).hasSize(2);
  }

  @Test
  void appliesTheConfigurationOfAManifestFirst() throws IOException {
    Path manifest = state.resolve("all.yaml");
    Files.writeString(
        manifest,
        "metadata: {name: a}\n---\nkind: Secret\nmetadata: {name: s}\n"
            + "---\nkind: ConfigMap\nmetadata: {name: c}\n");
    api.answer("POST /apis/serving.knative.dev/v1/namespaces/default/services", 201, "{}")
        .answer("POST /api/v1/namespaces/default/secrets", 201, "{\"metadata\":{\"name\":\"s\"}}")
        .answer("GET /api/v1/namespaces/default/configmaps/c", 200, "{}")
        .answer(
            "PUT /api/v1/namespaces/default/configmaps/c", 200, "{\"metadata\":{\"name\":\"c\"}}");
    assertThat(skep("deploy", "--no-wait", "-f", manifest.toString())).as(err()).isZero();
    assertThat(api.seen())
        .filteredOn(seen -> !seen.method().equals("GET"))
        .extracting(seen -> seen.target().replaceAll(".*/default/", ""))
        .containsExactly("configmaps/c", "secrets", "services");
    assertThat(err()).contains("applied Secret s", "applied ConfigMap c");
  }

  @Test
  void appliesNothingWhereOneObjectOfAManifestIsWrong() throws IOException {
    Path manifest = state.resolve("all.yaml");
    Files.writeString(
        manifest,
        "apiVersion: v1\nkind: Service\nmetadata: {name: redis}\n"
            + "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: redis}\n");
    api.answer("POST /api/v1/namespaces/default/services", 201, "{}")
        .answer(
            "POST /apis/apps/v1/namespaces/default/deployments",
            422,
            "{\"reason\":\"Invalid\",\"message\":\"spec.selector: Required value\"}");
    assertThat(skep("apply", "-f", manifest.toString())).isEqualTo(2);
    assertThat(err()).contains("spec.selector: Required value", "nothing was applied");
    assertThat(api.seen()).allMatch(seen -> seen.method().equals("GET"));

    api.answer(
        "POST /apis/apps/v1/namespaces/default/deployments",
        201,
        "{\"metadata\":{\"name\":\"redis\"}}");
    assertThat(skep("apply", "-f", manifest.toString())).as(err()).isZero();
    assertThat(out()).contains("deployment.apps/redis created");
  }

  @Test
  void namesEveryKindThatIsNotServed() throws IOException {
    Path manifest = state.resolve("all.yaml");
    Files.writeString(
        manifest,
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\n"
            + "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d}\n");
    assertThat(skep("apply", "-f", manifest.toString())).isEqualTo(2);
    assertThat(err()).contains("batch/v1 Job \"j\", apps/v1 DaemonSet \"d\"", "deployment.apps");
  }

  @Test
  void namesFileAndProblemOfAManifestThatIsNotYaml() throws IOException {
    Path manifest = Files.writeString(state.resolve("bad.yaml"), "a: [1\n");
    assertThat(skep("deploy", "-f", manifest.toString())).isEqualTo(2);
    assertThat(err()).contains("bad.yaml: not YAML");
  }

  @Test
  void turnsTheApisStatusIntoOneLineAndAnExitCode() {
    assertThat(skep("describe", "nothing")).isEqualTo(3);
    assertThat(err()).startsWith("skep: ").hasLineCount(1).contains("not found");
  }

  @Test
  void explainsTheLastStartPhaseByPhase() {
    api.answer("GET /apis/skep.dev/v1/starts?limit=1&instance=hello", 200, "{\"items\":[]}")
        .answer(
            "GET /apis/skep.dev/v1/starts?limit=1&namespace=default&service=hello",
            200,
            """
            {"items":[{"instance":"a1","namespace":"default","revision":"hello-00001","plan":"reap","requestId":"r1",
              "reason":"recorded set of 9 pages: installed first",
              "startedAt":"2026-01-01T00:00:00Z","total":"PT0.4S","concurrentStarts":2,
              "phases":[{"phase":"sandbox.create","startNanos":0,"durationNanos":80000000},
                        {"phase":"runtime.init","startNanos":80000000,"durationNanos":100000000},
                        {"phase":"sandbox.create","startNanos":180000000,"durationNanos":220000000}]}]}
            """);
    api.answer(
        "GET /apis/skep.dev/v1/namespaces/default/instances/a1",
        200,
        """
        {"pagedMemory":{"setPages":9,"installedBytes":36864,"fetch":"PT0.002S","install":"PT0.001S","demandFaults":1}}
        """);
    assertThat(skep("why", "hello")).isZero();
    assertThat(out())
        .contains(" by reap (recorded set of 9 pages: installed first)")
        .contains("Memory: 9 pages read in 2.00 ms and installed in 1.00 ms beside the start")
        .contains("it has waited for 1 pages since")
        .contains("Request r1 waited 400 ms")
        .contains("1 other start ran")
        .containsOnlyOnce("\nsandbox.create")
        .containsPattern("sandbox.create +300 ms +75% +█{7}·{7}█{18} ")
        .contains("Most of it: sandbox.create")
        .contains("short of CPU or disk");
  }

  @Test
  void showsTheStartsOfATraceInOrderAndWithinEachOther() {
    String trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    String start =
        """
        {"service":"%s","instance":"i","namespace":"default","revision":"r","plan":"boot","traceId":"%s",
         "startedAt":"2026-01-01T00:00:%sZ","total":"%s","phases":[]}
        """;
    String working =
        "\"phases\":[{\"phase\":\"exec\",\"startNanos\":1000000000,\"durationNanos\":3000000000}]";
    String front =
        start.formatted("front", trace, "00.5", "PT4S").replace("\"phases\":[]", working);
    String beside = start.formatted("beside", trace, "00.6", "PT0.5S");
    String back = start.formatted("back", trace, "02.5", "PT1S");
    String later = start.formatted("later", trace, "05.5", "PT3S");
    String items = "{\"items\":[" + String.join(",", later, back, beside, front) + "]}";
    api.answer("GET /apis/skep.dev/v1/starts?limit=1000&trace=" + trace, 200, items)
        .answer(
            "GET /apis/skep.dev/v1/starts?limit=1&instance=front",
            200,
            "{\"items\":[" + front + "]}");

    assertThat(skep("why", "--trace", trace)).isZero();
    assertThat(out())
        .contains("Trace " + trace + ": 4 starts, 8.00 s from")
        .containsPattern("\nfront +i +boot +0 us +4.00 s +█{16}·{16}")
        .containsPattern("\nbeside +i +boot +100 ms +500 ms +█{3}·{29}")
        .containsPattern("\n  back +i +boot +2.00 s +1.00 s +·{8}█{4}·{20}")
        .containsPattern("\nlater +i +boot +5.00 s +3.00 s +·{20}█{12}");

    assertThat(skep("why", "front")).isZero();
    assertThat(out()).contains("More starts of its trace: skep why --trace " + trace);
    assertThat(skep("why")).isEqualTo(2);
  }

  @Test
  void showsTheErrorThatEndsAStreamOfProgress() {
    api.chunks(
        "POST /apis/skep.dev/v1/images",
        "{\"step\":\"fetch\",\"doneBytes\":1,\"totalBytes\":2}\n",
        "{\"error\":{\"code\":404,\"reason\":\"NotFound\",\"message\":\"no such tag\"}}\n");
    assertThat(skep("image", "pull", "localhost:5000/x:y")).isEqualTo(3);
    assertThat(err()).isEqualTo("skep: no such tag\n");
  }

  @Test
  void splitsOneCommandAtSpacesAndSendsTheConfigOfAnImportedTar() {
    api.chunks(
        "POST /apis/skep.dev/v1/images",
        "{\"image\":{\"references\":[\"fn\"],\"digest\":\"sha256:1\",\"sizeBytes\":2048}}\n");
    assertThat(
            skep(
                "image",
                "import",
                "/tmp/fn.tar",
                "--cmd",
                "/bin/fn  -v",
                "--port",
                "9000",
                "-e",
                "A=B"))
        .isZero();
    Json config = api.seen().getFirst().body().at("config");
    assertThat(config.at("cmd").items()).extracting(Json::text).containsExactly("/bin/fn", "-v");
    assertThat(config.at("port").number()).isEqualTo(9000);
    assertThat(out()).isEqualTo("fn  sha256:1  2.0 KiB\n");
  }

  @Test
  void printsTheTextOfCriLogLines() {
    serveHello("True", "", "");
    api.chunks(
        "GET /apis/skep.dev/v1/namespaces/default/instances/a1/log?follow=false",
        "2026-01-01T00:00:00.000000000Z stdout F hel",
        "lo world\n2026-01-01T00:00:00.1Z stderr F \n");
    assertThat(skep("logs", "hello")).isZero();
    assertThat(out()).isEqualTo("hello world\n\n");
  }

  @Test
  void completesEveryCommand() {
    assertThat(skep("completion")).isZero();
    assertThat(out())
        .contains("deploy", "--min-scale", "image", "snapshot", "verify")
        .contains("complete -F");
  }

  @Test
  void helpListsEveryCommandAndExitCode() {
    assertThat(skep("help")).isZero();
    assertThat(out()).contains("deploy", "why", "SKEP_HOME", "3     not found");
  }
}
