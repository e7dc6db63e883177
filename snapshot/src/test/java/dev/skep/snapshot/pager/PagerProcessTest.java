package dev.skep.snapshot.pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pager as a process of its own. */
@Tag("integration")
class PagerProcessTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  @AfterEach
  void kill() {
    pagers().forEach(ProcessHandle::destroyForcibly);
  }

  @Test
  void startsOnePagerForAllWhoNeedIt() throws Exception {
    try (PagerClient first = pager().connectOrStart(PATIENCE);
        PagerClient second = pager().connectOrStart(PATIENCE)) {
      assertThat(pagers()).hasSize(1);
      assertThat(first.list()).isEmpty();
      assertThat(second.lost()).isNotDone();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())))
          .isEqualTo("rw-------");
    }
    assertThat(pagers()).hasSize(1);
  }

  @Test
  void tellsAtOnceWhenThePagerIsKilled() throws Exception {
    try (PagerClient client = pager().connectOrStart(PATIENCE)) {
      pagers().getFirst().destroyForcibly();

      client.lost().get(10, TimeUnit.SECONDS);
      assertThatThrownBy(client::list)
          .isInstanceOf(SkepException.class)
          .satisfies(e -> assertThat(((SkepException) e).code()).isEqualTo(Code.UNAVAILABLE));
    }
    await().until(() -> pagers().isEmpty());
    assertThat(socket()).exists(); // stale: the next one replaces it
    try (PagerClient client = pager().connectOrStart(PATIENCE)) {
      assertThat(client.list()).isEmpty();
    }
  }

  @Test
  void aSecondPagerRefusesToServeThere() throws Exception {
    try (PagerClient client = pager().connectOrStart(PATIENCE)) {
      Process second = new ProcessBuilder(command()).redirectErrorStream(true).start();
      String output = new String(second.getInputStream().readAllBytes());

      assertThat(second.waitFor()).isEqualTo(PagerMain.IN_USE);
      assertThat(output).contains("another pager serves there");
      assertThat(client.list()).isEmpty();
    }
  }

  @Test
  void saysWhyAPagerDoesNotStart() {
    var broken =
        new PagerProcess(List.of("sh", "-c", "echo no java here; exit 3"), socket(), log());
    assertThatThrownBy(() -> broken.connectOrStart(PATIENCE))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("ended with exit code 3: no java here (" + log() + ")");
    var hanging =
        new PagerProcess(List.of("sh", "-c", "echo busy; exec sleep 600"), socket(), log());
    assertThatThrownBy(() -> hanging.connectOrStart(Duration.ofMillis(300)))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("does not answer within 300 ms: busy");
  }

  @Test
  void refusesWhatIsNoRequest() throws Exception {
    try (PagerClient client = pager().connectOrStart(PATIENCE)) {
      assertThatThrownBy(
              () ->
                  client.serve(
                      new PagedGuest(
                          "a",
                          folder.resolve("x".repeat(120)),
                          0,
                          log(),
                          0,
                          Optional.empty(),
                          Optional.empty(),
                          false)))
          .isInstanceOf(SkepException.class)
          .hasMessageContaining("expected at most 107");
      for (String line :
          List.of("hello", "{}", "{\"operation\":\"fly\"}", "{\"operation\":\"status\"}")) {
        assertThat(raw(line))
            .startsWith("{\"error\":\"not a request: ")
            .endsWith("\"code\":\"INVALID\"}");
      }
    }
  }

  private String raw(String line) throws Exception {
    try (var channel =
        java.nio.channels.SocketChannel.open(java.net.UnixDomainSocketAddress.of(socket()))) {
      channel.write(java.nio.ByteBuffer.wrap((line + "\n").getBytes()));
      return new java.io.BufferedReader(
              java.nio.channels.Channels.newReader(
                  channel, java.nio.charset.StandardCharsets.UTF_8))
          .readLine();
    }
  }

  private PagerProcess pager() {
    return new PagerProcess(Guest.java(PagerMain.class.getName()), socket(), log());
  }

  private List<String> command() {
    var command = new java.util.ArrayList<>(Guest.java(PagerMain.class.getName()));
    command.add(socket().toString());
    return command;
  }

  private Path socket() {
    return folder.resolve("pager");
  }

  private Path log() {
    return folder.resolve("pager.log");
  }

  /** Those of this test: its folder is on their command line. */
  private List<ProcessHandle> pagers() {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().arguments().isPresent())
        .filter(process -> List.of(process.info().arguments().get()).contains(socket().toString()))
        .toList();
  }
}
