package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A pod that fills its claim, and what becomes of everybody else. */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RunningClaimsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** Writes so many MiB, says how that went, and stays. */
  private static final String MANIFEST =
      """
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata: {name: %1$s}
      spec:
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: %2$s}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: %1$s}
      spec:
        replicas: %3$d
        strategy: {type: Recreate}
        selector: {matchLabels: {app: %1$s}}
        template:
          metadata: {labels: {app: %1$s}}
          spec:
            runtimeClassName: %4$s
            terminationGracePeriodSeconds: 1
            volumes:
            - {name: data, persistentVolumeClaim: {claimName: %1$s}}
            containers:
            - name: writer
              image: dev.local/writer
              volumeMounts: [{name: data, mountPath: /data}]
              command: [/usr/bin/python3, -S, -c]
              args:
              - |
                import errno, time
                written, problem = 0, 'done'
                try:
                  with open('/data/file', 'wb', 0) as file:
                    while written < %5$d << 20:
                      written += file.write(bytes(65536))
                except OSError as e:
                  problem = errno.errorcode[e.errno]
                print('wrote', written >> 20, 'MiB:', problem, flush=True)
                time.sleep(1000000)
      """;

  private SkepScript skep;
  private boolean hasGvisor;

  @BeforeAll
  void start() throws IOException {
    skep = SkepScript.inNewFolder();
    SkepScript.Result tools = skep.execute(List.of("sh", "-c", "command -v mkfs.ext4 && losetup"));
    Assumptions.assumeTrue(tools.code() == 0, "needs mkfs.ext4 and loop devices: " + tools.err());
    SkepScript.Result runsc = skep.execute(List.of("testbed/runsc"));
    hasGvisor = runsc.code() == 0;
    if (hasGvisor) {
      Files.writeString(
          skep.state().resolve("skep.yaml"), "gvisor:\n  runsc: '" + runsc.out().strip() + "'\n");
    }
    String tar = skep.example("chain");
    SkepScript.succeeded(skep.up());
    skep.succeed(
        "image", "import", tar, "--name", "dev.local/writer", "--cmd", "/usr/bin/python3 -S");
  }

  @AfterAll
  void stop() throws IOException {
    if (skep != null) {
      skep.down();
      assertThat(mounts()).as("left by 'skep down'").isEmpty();
    }
  }

  private void apply(String name, String storage, int replicas, String kind, int mib)
      throws IOException {
    Path manifest =
        Files.writeString(
            skep.state().resolve(name + ".yaml"),
            MANIFEST.formatted(name, storage, replicas, kind, mib));
    skep.succeed("apply", "-f", manifest.toString());
  }

  private Json claim(String name) {
    return skep.succeed("get", "pvc", name, "-o", "json").json();
  }

  private List<String> conditions(String name) {
    return claim(name).at("status", "conditions").items().stream()
        .map(condition -> condition.at("type").text())
        .toList();
  }

  private String logs(String name) {
    return skep.run("logs", name).out();
  }

  private List<String> mounts() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
        .filter(line -> line.contains(skep.state() + "/volumes/"))
        .toList();
  }

  private String devices() {
    return skep.execute(List.of("losetup", "-a"))
        .out()
        .lines()
        .filter(line -> line.contains(skep.state().toString()))
        .toList()
        .toString();
  }

  private void await(Callable<Boolean> what) {
    Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(500)).until(what);
  }

  private void fills(String kind) throws Exception {
    apply("full", "16Mi", 1, kind, 100);
    await(() -> logs("full").contains("MiB: ENOSPC"));
    assertThat(logs("full")).matches("(?s).*wrote 1[0-5] MiB: ENOSPC.*");
    await(() -> conditions("full").contains("Full"));
    assertThat(skep.succeed("get", "pods", "-o", "json").json().at("items").items()).hasSize(1);

    apply("other", "16Mi", 1, kind, 4);
    await(() -> logs("other").contains("wrote 4 MiB: done"));
    assertThat(conditions("other")).isEmpty();
  }

  private void delete(String... names) throws IOException {
    for (String name : names) {
      skep.succeed("delete", "-f", skep.state().resolve(name + ".yaml").toString());
    }
    await(() -> mounts().isEmpty() && devices().equals("[]"));
    assertThat(skep.state().resolve("volumes/default")).isEmptyDirectory();
  }

  @Test
  void fullClaimIsItsPodsAloneAndGoesWithoutATrace() throws Exception {
    fills("container");

    ProcessHandle daemon = DaemonProcess.find(skep.state()).orElseThrow();
    daemon.destroyForcibly();
    daemon.onExit().join();
    assertThat(mounts()).as("without a daemon").hasSize(2);
    SkepScript.succeeded(skep.up());
    await(() -> conditions("full").contains("Full"));
    assertThat(mounts()).as("as before").hasSize(2);

    apply("full", "32Mi", 1, "container", 100);
    await(() -> conditions("full").contains("FileSystemResizePending"));
    apply("full", "32Mi", 0, "container", 100);
    await(() -> claim("full").at("status", "capacity", "storage").text().equals("32Mi"));
    apply("full", "32Mi", 1, "container", 100);
    await(() -> logs("full").matches("(?s).*wrote 2\\d MiB: ENOSPC.*"));
    assertThat(skep.run("apply", "-f", shrunk().toString()).err())
        .contains("field can not be less than previous value");
    delete("full", "other");
  }

  private Path shrunk() throws IOException {
    return Files.writeString(
        skep.state().resolve("shrunk.yaml"), MANIFEST.formatted("full", "16Mi", 1, "container", 1));
  }

  @Test
  void sandboxesOfGvisorToo() throws Exception {
    Assumptions.assumeTrue(hasGvisor, "testbed/runsc had no runsc");
    fills("gvisor");
    delete("full", "other");
  }
}
