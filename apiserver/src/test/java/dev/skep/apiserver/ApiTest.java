package dev.skep.apiserver;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Each test has a server of its own. */
abstract class ApiTest {
  @TempDir Path state;
  RunningApi api;

  @BeforeEach
  void start() throws Exception {
    api = new RunningApi(state);
  }

  @AfterEach
  void stop() {
    api.close();
  }
}
