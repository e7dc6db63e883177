package dev.skep.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Output of a real process, with readers that come and go. */
class OutputPipesTest {
  @TempDir Path folder;
  private final List<String> lines = new CopyOnWriteArrayList<>();

  private void line(boolean stderr, boolean partial, byte[] text) {
    String shown = new String(text, StandardCharsets.UTF_8);
    lines.add((stderr ? "err " : "out ") + (partial ? "P " : "F ") + shown);
  }

  private OutputPipes follow(OutputPipes pipes) {
    return pipes.follow("test", (_, stderr, partial, text) -> line(stderr, partial, text));
  }

  private Process container(String script) throws IOException {
    return new ProcessBuilder("sh", "-c", "exec sh -c '" + script + "' 1<>stdout 2<>stderr")
        .directory(folder.toFile())
        .start();
  }

  @Test
  void readsBothStreamsToTheirEnd() throws Exception {
    OutputPipes pipes = follow(OutputPipes.make(folder));
    Process container = container("echo one; echo two >&2; printf three");
    container.waitFor();

    pipes.drain(Duration.ofSeconds(10));

    assertThat(lines).containsExactlyInAnyOrder("out F one", "err F two", "out F three");
  }

  @Test
  void whatIsWrittenWhileNobodyReadsIsThereForTheNextReader() throws Exception {
    OutputPipes first = follow(OutputPipes.make(folder));
    Process container = container("echo one; read go; echo two; read go; echo three");
    await().until(() -> lines.size() == 1);
    first.letContainerHold();
    first.close();

    container.outputWriter(StandardCharsets.UTF_8).append("go\n").flush();
    OutputPipes second = follow(OutputPipes.in(folder));
    second.letContainerHold();
    container.outputWriter(StandardCharsets.UTF_8).append("go\n").flush();
    container.waitFor();
    second.drain(Duration.ofSeconds(10));

    assertThat(lines).containsExactly("out F one", "out F two", "out F three");
  }

  @Test
  void longLinesComeInParts() throws Exception {
    OutputPipes pipes = follow(OutputPipes.make(folder));
    container("head -c 40000 /dev/zero | tr \"\\0\" x; echo").waitFor();
    pipes.drain(Duration.ofSeconds(10));

    assertThat(lines).hasSize(3).first().asString().startsWith("out P x").hasSize(6 + (16 << 10));
    assertThat(lines.getLast()).startsWith("out F x").hasSize(6 + 40_000 - (32 << 10));
  }
}
