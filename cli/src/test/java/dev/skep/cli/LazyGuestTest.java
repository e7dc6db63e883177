package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A microVM whose drive is an image that is still being fetched. */
@Tag("integration")
class LazyGuestTest {
  /** Says how much it could read of the file that is the request's path. */
  private static final String READER =
      """
      import socket
      server = socket.create_server(("", 8080))
      while True:
          connection, _ = server.accept()
          try:
              words = connection.recv(65536).split()
              if len(words) > 1:
                  try:
                      said = "read %d" % len(open(words[1], "rb").read())
                  except OSError as failure:
                      said = "errno %d" % failure.errno
                  head = "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n"
                  connection.sendall((head % len(said) + said).encode())
          except OSError:
              pass
          connection.close()
      """;

  private static final long SLOW = 1_500_000;
  private static final long FAST = 1L << 40;

  @TempDir Path folder;
  private Path state;
  private SkepScript skep;

  @BeforeEach
  void up() throws IOException {
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    Assumptions.assumeTrue(
        Files.isWritable(Path.of("/dev/fuse")), "no /dev/fuse that can be opened");
    state = folder.resolve("state");
    skep = SkepScript.in(state);
    assertThat(skep.up()).satisfies(up -> assertThat(up.code()).as(up.err()).isZero());
  }

  @AfterEach
  void down() throws IOException {
    if (skep != null) {
      assertThat(skep.run("down").code()).isZero();
      assertThat(DemoCensus.processes(state)).isEmpty();
      assertThat(Files.readString(Path.of("/proc/self/mounts"))).doesNotContain(state.toString());
    }
  }

  /** An OCI layout of some 50 MB, as eStargz. */
  private Path image() throws IOException {
    SkepScript.Result built = skep.execute(List.of("examples/build", "hello-python"));
    Assumptions.assumeTrue(built.code() == 0, "examples/build hello-python: " + built.err());
    Path tar = Path.of(built.out().strip().split(" ")[1]);
    Path plain = Files.createDirectory(folder.resolve("plain"));
    new OciFolder(plain)
        .layer(out -> Files.copy(tar, out))
        .layer(new BenchImage(40)::data)
        .finish(List.of("/usr/bin/python3", "-S", "-c", READER));
    Path lazy = folder.resolve("lazy");
    SkepScript.Result converted = skep.run("image", "convert", plain.toString(), lazy.toString());
    assertThat(converted.code()).as(converted.err()).isZero();
    return lazy;
  }

  private String read(int file) {
    SkepScript.Result answer =
        skep.run("invoke", "lazy", "/bench/d%03d/f%05d".formatted(file % 100, file), "-o", "json");
    assertThat(answer.code()).as(answer.err()).isZero();
    return answer.json().at("body").text();
  }

  private void deploy(String reference) {
    SkepScript.Result deployed =
        skep.run("deploy", reference, "--name", "lazy", "--annotation", "skep.dev/snapshot=never");
    assertThat(deployed.code()).as(deployed.err()).isZero();
  }

  private ProcessHandle server() throws IOException {
    String pid = Files.readString(state.resolve("images/mount/pid")).strip();
    return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
  }

  @Test
  void aGuestGetsAnErrorWhenTheProcessThatServesItsImageIsKilledAndTheNextStartReadsAgain()
      throws Exception {
    Path layout = image();
    String reference;
    int port;
    try (var registry = LayoutRegistry.start(layout, 0, SLOW)) {
      port = registry.port();
      reference = "127.0.0.1:" + port + "/app:1";
      deploy(reference);
      assertThat(read(7)).isEqualTo("read 131072");
      assertThat(registry.sentBytes()).isLessThan(OciFolder.layerBytes(layout));
      ProcessHandle server = server();
      server.destroyForcibly();
      server.onExit().join();
    }
    assertThat(read(299)).isEqualTo("errno 5");
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> log().contains("the process of lazy images (") && log().contains("has ended"));

    assertThat(skep.run("delete", "lazy").code()).isZero();
    try (var registry = LayoutRegistry.start(layout, port, FAST)) {
      deploy(reference);
      assertThat(read(299)).isEqualTo("read 131072");
      assertThat(registry.sentBytes()).isPositive();
    }
  }

  private String log() throws IOException {
    try (var logs = Files.list(state.resolve("log"))) {
      var text = new StringBuilder();
      for (Path log : logs.toList()) {
        text.append(Files.readString(log));
      }
      return text.toString();
    }
  }
}
