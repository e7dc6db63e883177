package dev.skep.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Commands, against an API that answers what a test tells it to. */
abstract class CommandTest {
  @TempDir Path state;
  FakeApi api;
  final ByteArrayOutputStream out = new ByteArrayOutputStream();
  final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void start() throws IOException {
    api = new FakeApi(state);
  }

  @AfterEach
  void stop() throws IOException {
    api.close();
  }

  int skep(String... args) {
    String[] words =
        Stream.concat(Stream.of("--state", state.toString()), Stream.of(args))
            .toArray(String[]::new);
    return Main.execute(new Terminal(out, err, false, false), words);
  }

  /** A command of a group. */
  int skepGroup(String group, String... args) {
    return skep(Stream.concat(Stream.of(group), Stream.of(args)).toArray(String[]::new));
  }

  String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  String err() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
