package dev.skep.store;

import static dev.skep.store.Services.KIND;
import static dev.skep.store.Services.service;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.ApiObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills a process that writes, again and again, and looks for what it had been promised. */
class StoreCrashTest {
  private static final String COMPLETE = ";";

  /** Writes for ever and prints the version of each acknowledged write. */
  static final class Writing {
    public static void main(String[] args) {
      SqliteStore store = SqliteStore.open(Path.of(args[0]), Clock.systemUTC());
      System.out.println("open");
      for (int i = 0; ; i++) {
        ApiObject created = store.create(KIND, service("s" + System.nanoTime(), i));
        System.out.println(created.resourceVersion() + " " + created.name() + COMPLETE);
      }
    }
  }

  @TempDir Path folder;

  @Test
  void keepsEveryAcknowledgedWriteWhenKilled() throws Exception {
    for (int round = 0; round < 3; round++) {
      String last = writeAndKill(50 + round * 30);
      long version = Long.parseLong(last.substring(0, last.indexOf(' ')));
      String name = last.substring(last.indexOf(' ') + 1, last.length() - COMPLETE.length());
      try (SqliteStore store = SqliteStore.open(folder, Clock.systemUTC())) {
        ApiObject found = store.get(KIND, "default", name).orElseThrow();
        assertThat(found.resourceVersion()).isEqualTo(version);
        ResourceStore.Listing all = store.list(KIND, Optional.empty());
        assertThat(all.version()).isEqualTo(all.items().size() + 1); // no gap, no half write
      }
    }
  }

  @Test
  void refusesAFolderThatAnotherProcessHas() throws Exception {
    Process child = start();
    try (BufferedReader output = child.inputReader()) {
      assertThat(output.readLine()).isEqualTo("open");
      assertThatThrownBy(() -> SqliteStore.open(folder, Clock.systemUTC()))
          .hasMessageContaining("is used by process " + child.pid());
    } finally {
      end(child);
    }
    SqliteStore.open(folder, Clock.systemUTC()).close();
  }

  @Test
  void leavesNoLibraryBehindWhenKilled(@TempDir Path temporary) throws Exception {
    Process child = start("-Djava.io.tmpdir=" + temporary);
    try (BufferedReader output = child.inputReader()) {
      assertThat(output.readLine()).isEqualTo("open");
    } finally {
      end(child);
    }
    try (var left = Files.list(temporary)) {
      assertThat(left).isEmpty();
    }
  }

  private String writeAndKill(int writes) throws Exception {
    Process child = start();
    try (BufferedReader output = child.inputReader()) {
      String last = output.readLine();
      for (int i = 0; i < writes; i++) {
        last = output.readLine();
      }
      child
          .toHandle()
          .destroyForcibly(); // kill -9; the process's own method would close its output
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        last = line.endsWith(COMPLETE) ? line : last;
      }
      return last;
    } finally {
      end(child);
    }
  }

  private static void end(Process child) throws InterruptedException {
    child.destroyForcibly();
    assertThat(child.waitFor(10, TimeUnit.SECONDS)).isTrue();
  }

  private Process start() throws IOException {
    return start("-Dnothing=more");
  }

  private Process start(String option) throws IOException {
    return new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "--enable-native-access=ALL-UNNAMED",
            option,
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            Writing.class.getName(),
            folder.toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
