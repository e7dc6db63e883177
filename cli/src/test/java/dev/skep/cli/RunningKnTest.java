package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** An unmodified kn, Knative's command line, from a function's creation to its deletion. */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RunningKnTest {
  private SkepScript skep;
  private String kn = "";

  @BeforeAll
  void start() throws IOException {
    skep = SkepScript.inNewFolder();
    SkepScript.Result built = skep.execute(List.of("testbed/kn"));
    Assumptions.assumeTrue(built.code() == 0, "testbed/kn: " + built.err());
    kn = built.out().strip();
    String tar = skep.example("hello");
    Files.writeString(skep.state().resolve("skep.yaml"), "instances: {sandbox: container}\n");
    SkepScript.succeeded(skep.up());
    skep.succeed("image", "import", tar, "--name", "dev.local/hello", "--cmd", "/hello");
  }

  @AfterAll
  void stop() throws IOException {
    if (skep != null) {
      skep.down();
    }
  }

  private SkepScript.Result run(String... args) {
    var command = new ArrayList<>(List.of(kn));
    command.addAll(List.of(args));
    command.addAll(List.of("--kubeconfig", skep.state().resolve("kubeconfig").toString()));
    return skep.execute(command);
  }

  private String kn(String... args) {
    SkepScript.Result result = SkepScript.succeeded(run(args));
    return result.out() + result.err();
  }

  private Json json(String... args) {
    var all = new ArrayList<>(List.of(args));
    all.addAll(List.of("-o", "json"));
    return SkepScript.succeeded(run(all.toArray(String[]::new))).json();
  }

  private String url(String name) {
    return "http://" + name + ".default.127.0.0.1.sslip.io:" + skep.gatewayPort();
  }

  @Test
  void createsChangesAndDeletesAFunction() throws IOException {
    assertThat(kn("service", "create", "hello", "--image", "dev.local/hello", "--env", "N=1"))
        .contains(
            "Service 'hello' created to latest revision 'hello-00001' is available at URL:",
            url("hello"));
    SkepScript.Result again = run("service", "create", "hello", "--image", "dev.local/hello");
    assertThat(again.code()).isNotZero();
    assertThat(again.err()).contains("already exists");
    assertThat(kn("service", "list")).containsPattern("hello +" + url("hello") + " .* True");

    assertThat(kn("service", "update", "hello", "--env", "N=2")).contains("'hello-00002'");
    assertThat(kn("service", "apply", "hello", "--image", "dev.local/hello", "--env", "N=3"))
        .contains("Service 'hello' applied to latest revision 'hello-00003'");
    assertThat(kn("service", "apply", "hello", "--image", "dev.local/hello", "--env", "N=3"))
        .contains("No changes to apply to service 'hello'");

    split();
    revisions();
    copy();
    assertThat(kn("service", "delete", "hello", "--wait"))
        .contains("Service 'hello' successfully deleted");
    assertThat(json("revision", "list").at("items").items()).isEmpty();
    assertThat(json("route", "list").at("items").items()).isEmpty();
  }

  private void split() {
    kn(
        "service",
        "update",
        "hello",
        "--traffic",
        "hello-00001=40",
        "--traffic",
        "@latest=60",
        "--tag",
        "hello-00001=old",
        "--tag",
        "hello-00002=idle");
    assertThat(kn("service", "describe", "hello"))
        .containsPattern("40% +hello-00001")
        .containsPattern("60% +@latest \\(hello-00003\\)");
    assertThat(kn("route", "describe", "hello")).contains("40%", "#old", "#idle", url("old-hello"));
    assertThat(kn("route", "list")).containsPattern("hello +" + url("hello") + " +True");
    assertThat(kn("revision", "list", "-s", "hello"))
        .containsPattern("hello-00003 +hello +60%")
        .containsPattern("hello-00002 +hello +idle")
        .containsPattern("hello-00001 +hello +40% +old");

    kn("service", "update", "hello", "--untag", "idle");
    assertThat(kn("route", "describe", "hello")).doesNotContain("#idle");
  }

  private void revisions() {
    assertThat(kn("revision", "describe", "hello-00001"))
        .contains("dev.local/hello", "N=1")
        .containsPattern("\\+\\+ +Ready");
    assertThat(kn("revision", "delete", "hello-00002")).contains("'hello-00002' deleted");
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> !revisionNames().contains("hello-00002"));
    assertThat(revisionNames()).containsExactly("hello-00001", "hello-00003");
  }

  private TreeSet<String> revisionNames() {
    var names = new TreeSet<String>();
    for (Json revision : json("revision", "list").at("items").items()) {
      names.add(revision.at("metadata", "name").text());
    }
    return names;
  }

  /**
   * What is exported comes back under the same name, with both revisions of its traffic. Each is
   * named, the template too: else the first revision of what comes back takes the name of another.
   */
  private void copy() throws IOException {
    kn("service", "update", "hello", "--revision-name", "hello-named", "--env", "N=4");
    kn("service", "update", "hello", "--traffic", "hello-00001=40", "--traffic", "hello-named=60");
    Path file = skep.state().resolve("export.yaml");
    SkepScript.Result exported =
        SkepScript.succeeded(
            run("service", "export", "hello", "--with-revisions", "--mode=export", "-o", "yaml"));
    Files.writeString(file, exported.out());
    kn("service", "delete", "hello", "--wait");
    assertThat(kn("service", "import", file.toString())).contains("hello");
    assertThat(revisionNames()).contains("hello-00001", "hello-named");
    assertThat(kn("route", "describe", "hello")).contains("40%", "60%");
  }
}
