package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pulls from the registry that everybody runs, what the tool that everybody uses has pushed. */
@Tag("integration")
class RealRegistryTest {
  @TempDir Path folder;
  private Process registry;
  private int port;

  @BeforeEach
  void startRegistry() throws IOException {
    Command.needRootAnd("docker-registry", "skopeo");
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Path config = folder.resolve("registry.yml");
    Files.writeString(
        config,
        """
        version: 0.1
        log: {level: error, accesslog: {disabled: true}}
        storage: {filesystem: {rootdirectory: %s}}
        http: {addr: "127.0.0.1:%d"}
        """
            .formatted(folder.resolve("data"), port));
    registry =
        new ProcessBuilder("docker-registry", "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("registry.log").toFile())
            .start();
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptions()
        .until(
            () -> {
              new Socket("127.0.0.1", port).close();
              return true;
            });
  }

  @AfterEach
  void stopRegistry() throws InterruptedException {
    if (registry != null) {
      registry.destroyForcibly().waitFor();
    }
  }

  @Test
  void allSourcesOfOneImageGiveTheSameBytes() throws IOException {
    Path layout =
        Layouts.layout(
            folder.resolve("layout"),
            tar().directory("etc/").file("etc/low", "low").file("gone", "x".repeat(9000)).bytes(),
            tar().file("etc/high", "high").whiteout(".wh.gone").bytes());
    Path archive = folder.resolve("archive.tar");
    String name = "127.0.0.1:" + port + "/demo/hello:1";
    Command.bash(
        """
        skopeo copy --insecure-policy -q --dest-tls-verify=false "oci:$1:test" "docker://$2"
        skopeo copy --insecure-policy -q "oci:$1:test" "docker-archive:$3:demo/hello:1"
        skopeo copy --insecure-policy -q "oci:$1:test" "oci-archive:$3.oci:test"
        gzip -k "$3"
        """,
        layout,
        name,
        archive);
    try (LocalImages images =
        LocalImages.open(folder.resolve("a"), ImageSettings.defaults(), Clock.systemUTC())) {
      Image pulled = images.pull(name, Images.Progress.NONE);
      assertThat(ErofsReader.read(pulled.erofs()).keySet())
          .containsExactly("", "etc", "etc/high", "etc/low");
      for (String source :
          new String[] {"layout", "archive.tar", "archive.tar.gz", "archive.tar.oci"}) {
        try (LocalImages others =
            LocalImages.open(
                folder.resolve("of-" + source), ImageSettings.defaults(), Clock.systemUTC())) {
          Image loaded = others.load(folder.resolve(source), "other", Images.Progress.NONE);
          assertThat(loaded.key()).isEqualTo(pulled.key());
          assertThat(loaded.erofs()).hasSameBinaryContentAs(pulled.erofs());
          assertThat(loaded.config()).isEqualTo(pulled.config());
        }
      }
    }
  }
}
