package dev.skep.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.microvm.DeviceLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigReaderTest {
  @TempDir Path folder;

  private DaemonConfig read(String yaml) throws IOException {
    return ConfigReader.read(Optional.of(Files.writeString(folder.resolve("skep.yaml"), yaml)));
  }

  @Test
  void defaultsAreThoseOfTheDocumentedFile() {
    DaemonConfig config = ConfigReader.read(Optional.empty());
    assertThat(config.gateway())
        .isEqualTo(
            new DaemonConfig.GatewaySettings("127.0.0.1", 8080, 0, "127.0.0.1.sslip.io", 10_000));
    assertThat(config.api()).isEqualTo(new DaemonConfig.ApiSettings("127.0.0.1", 6443));
    assertThat(config.snapshots().budget()).isEqualTo(20L << 30);
    assertThat(config.snapshots().remote()).isEmpty();
    assertThat(config.shutdown().drain()).isEqualTo(Duration.ofSeconds(10));
    assertThat(config.log()).isEqualTo(new DaemonConfig.LogSettings("info", 10 << 20, 3));
  }

  @Test
  void changesOnlyWhatTheFileNames() throws IOException {
    DaemonConfig config =
        read("gateway:\n  port: 9090\nlog: {maxSize: 64Ki}\nshutdown: {drain: 500ms}\n");
    assertThat(config.gateway().port()).isEqualTo(9090);
    assertThat(config.gateway().address()).isEqualTo("127.0.0.1");
    assertThat(config.log().maxSize()).isEqualTo(64 << 10);
    assertThat(config.shutdown().drain()).isEqualTo(Duration.ofMillis(500));
  }

  @Test
  void readsLimits() throws IOException {
    assertThat(read("microvm: {diskBandwidth: 64Mi, diskOperations: 500}").microvm().limits())
        .isEqualTo(new DeviceLimits(64 << 20, 500, 0));
  }

  @Test
  void readsLists() throws IOException {
    assertThat(read("images: {plainHttpRegistries: [a, 'b:1']}").images().plainHttpRegistries())
        .containsExactly("a", "b:1");
  }

  @Test
  void anEmptyFileChangesNothing() throws IOException {
    assertThat(read("# nothing\n")).isEqualTo(ConfigReader.read(Optional.empty()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "gatway: {port: 1} | gatway: no such setting (did you mean gateway?)",
        "gateway: {prot: 1} | gateway.prot: no such setting (did you mean port?)",
        "gateway: {zzzzzz: 1} | (expected: address, port, tlsPort, domain, queueDepth)",
        "gateway: 8080 | gateway: expected keys and values",
        "gateway: {port: 70000} | gateway.port: 70000 (expected: 0 to 65535)",
        "gateway: {port: many} | gateway.port: 'many' is not a number (expected: like 10)",
        "gateway: {port: [1]} | gateway.port: expected one value (like 8080)",
        "shutdown: {drain: soon} | 'soon' is not a duration (expected: like 500ms, 30s or 5m)",
        "log: {maxSize: 10MB} | '10MB' is not a size (expected: like 512Ki, 10Mi or 2Gi)",
        "log: {level: loud} | log.level: loud (expected: error, warn, info or debug)",
        "microvm: {vmm: xen} | microvm.vmm: xen (expected: auto, firecracker or qemu)",
        "images: {plainHttpRegistries: a} | images.plainHttpRegistries: expected a list (like [a, b])",
        "snapshots: {budget: 0} | snapshots.budget: 0 (expected: more than 0)",
        "snapshots: {budget: all} | snapshots.budget: 'all' is not a size",
        "snapshots: {remote: 'http://a/b'} | snapshots.remote: 'http://a/b' (expected: s3://BUCKET or s3://BUCKET/PREFIX)",
        "snapshots: {remote: 's3://abc', endpoint: 'http://key:secret@host'} | snapshots.remote: endpoint 'http://...@host' (expected: http:// or https://, a host and perhaps a port)",
        "snapshots: {size: 1Gi} | snapshots.size: no such setting (expected: budget, remote, endpoint, region)",
        "instances: {max: 0} | instances.max: 0 (expected: 1 to 100000)",
        "gateway: {port: 1 | not YAML",
      })
  void saysWhatIsWrongAndWhere(String yaml, String message) {
    assertThatThrownBy(() -> read(yaml))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("skep.yaml: ")
        .hasMessageContaining(message);
  }
}
