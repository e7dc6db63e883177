package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixConnectionTest {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  @TempDir Path folder;

  @Test
  void carriesBytesAndDescriptors() {
    try (var listener = listen();
        var client = UnixConnection.connect(folder.resolve("s"));
        var server = accept(listener);
        EventFd first = EventFd.open();
        EventFd second = EventFd.open()) {
      client.send(
          "hello".getBytes(StandardCharsets.UTF_8), first.descriptor(), second.descriptor());

      var received = receive(server);

      assertThat(received.bytes()).asString().isEqualTo("hello");
      assertThat(received.descriptors()).hasSize(2);
      second.signal();
      assertThat(new Poll(received.descriptors().get(0)).await(Duration.ZERO)).isFalse();
      assertThat(new Poll(received.descriptors().get(1)).await(PATIENCE)).isTrue();
      received.descriptors().forEach(Descriptor::close);
    }
  }

  @Test
  void knowsThePeer() {
    try (var listener = listen();
        var _ = UnixConnection.connect(folder.resolve("s"));
        var server = accept(listener)) {
      assertThat(server.peer()).isEqualTo(ProcessHandle.current().pid());
    }
  }

  @Test
  void tellsWhenTheOtherEndCloses() {
    try (var listener = listen()) {
      var client = UnixConnection.connect(folder.resolve("s"));
      try (var server = accept(listener)) {
        assertThat(server.receive()).isEmpty();
        client.close();
        assertThat(receive(server).bytes()).isEmpty();
      }
    }
  }

  @Test
  void refusesMoreDescriptorsThanItTakesAndKeepsNone() throws Exception {
    try (var listener = listen();
        var client = UnixConnection.connect(folder.resolve("s"));
        var server = accept(listener);
        EventFd event = EventFd.open()) {
      Descriptor[] many = Stream.generate(event::descriptor).limit(9).toArray(Descriptor[]::new);
      long before = openFiles();
      client.send(new byte[1], many);

      assertThat(new Poll(server.descriptor()).await(PATIENCE)).isTrue();
      assertThatThrownBy(server::receive)
          .isInstanceOf(SkepException.class)
          .hasMessageContaining("more than 8 descriptors");

      assertThat(openFiles()).isEqualTo(before);
    }
  }

  @Test
  void listensForItsOwnerOnlyAndReplacesAStaleSocket() throws Exception {
    Path path = folder.resolve("s");
    Files.writeString(path, "stale");
    try (var _ = listen()) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .isEqualTo("rw-------");
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void namesAPathThatIsTooLong() {
    Path path = folder.resolve("x".repeat(108));
    assertThatThrownBy(() -> UnixListener.bind(path, 0))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("expected at most 107");
  }

  @Test
  void saysWhenNobodyListens() {
    assertThatThrownBy(() -> UnixConnection.connect(folder.resolve("none")))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("no such file");
  }

  private UnixListener listen() {
    return UnixListener.bind(folder.resolve("s"), owner());
  }

  private static long owner() {
    return Long.parseLong(Command.of("id", "-u").run().strip());
  }

  private static UnixConnection accept(UnixListener listener) {
    assertThat(new Poll(listener.descriptor()).await(PATIENCE)).isTrue();
    return listener.accept().orElseThrow();
  }

  private static UnixConnection.Received receive(UnixConnection connection) {
    assertThat(new Poll(connection.descriptor()).await(PATIENCE)).isTrue();
    return connection.receive().orElseThrow();
  }

  private static long openFiles() throws Exception {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }
}
