package dev.skep.store;

import static dev.skep.store.Services.KIND;
import static dev.skep.store.Services.service;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreBackupTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  @TempDir Path folder;
  private Path state;
  private Path backup;

  @BeforeEach
  void makeFolder() throws IOException {
    state = Files.createDirectory(folder.resolve("state"));
    backup = folder.resolve("backup.db");
  }

  private SqliteStore open() {
    return SqliteStore.open(state, Clock.systemUTC());
  }

  private List<String> names() {
    try (SqliteStore store = open()) {
      return store.list(KIND, Optional.empty()).items().stream().map(ApiObject::name).toList();
    }
  }

  private void create(String... names) {
    try (SqliteStore store = open()) {
      for (String name : names) {
        store.create(KIND, service(name, 1));
      }
    }
  }

  @Test
  void putsBackWhatWasStoredWhenTheBackupWasMade() throws IOException {
    try (SqliteStore store = open()) {
      store.create(KIND, service("a", 1));
      assertThat(StoreBackup.write(state, backup)).isEqualTo(1);
      store.create(KIND, service("b", 1));
    }

    var restored = StoreBackup.restore(backup, state, NOW);

    assertThat(restored.objects()).isEqualTo(1);
    assertThat(names()).containsExactly("a");
    Path replaced = state.resolve("skep.db.20260102-030405");
    assertThat(restored.replaced()).contains(replaced);
    Path other = Files.createDirectory(folder.resolve("other"));
    StoreBackup.restore(replaced, other, NOW);
    state = other;
    assertThat(names()).containsExactly("a", "b");
  }

  @Test
  void holdsSecretsAndIsItsOwnersAlone() throws IOException {
    create("a");
    StoreBackup.write(state, backup);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(backup)))
        .isEqualTo("rw-------");
  }

  @Test
  void writesOverNothing() throws IOException {
    create("a");
    Files.writeString(backup, "mine");

    assertFails(Code.ALREADY_EXISTS, "backup.db: is there", () -> StoreBackup.write(state, backup));
    assertThat(backup).hasContent("mine");
  }

  @Test
  void nothingToBackUpIsSaid() {
    assertFails(Code.NOT_FOUND, "skep.db: not there", () -> StoreBackup.write(state, backup));
  }

  @Test
  void isNotRestoredUnderARunningDaemon() {
    create("a");
    StoreBackup.write(state, backup);
    try (SqliteStore _ = open()) {
      assertFails(Code.CONFLICT, "skep down", () -> StoreBackup.restore(backup, state, NOW));
    }
  }

  @Test
  void whatIsNoWholeBackupChangesNothing() throws IOException {
    create("a");
    StoreBackup.write(state, backup);
    byte[] whole = Files.readAllBytes(backup);
    Path broken = folder.resolve("broken");
    for (byte[] content :
        List.of(
            "hello".repeat(2000).getBytes(), new byte[0], java.util.Arrays.copyOf(whole, 9000))) {
      Files.write(broken, content);
      assertFails(
          Code.INVALID, "not restored: " + broken, () -> StoreBackup.restore(broken, state, NOW));
    }

    assertThat(names()).containsExactly("a");
    assertThat(state).isDirectoryNotContaining("glob:**.restored*");
  }

  @Test
  void backupOfANewerSkepIsRefused() throws SQLException {
    create("a");
    StoreBackup.write(state, backup);
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + backup);
        var statement = connection.createStatement()) {
      statement.execute("PRAGMA user_version=99");
    }

    assertFails(Code.UNSUPPORTED, "schema 99", () -> StoreBackup.restore(backup, state, NOW));
  }

  @Test
  void damagedStoreIsNotOpenedAndSaysWhatToDo() throws IOException {
    create("a", "b", "c");
    try (var file = new RandomAccessFile(state.resolve("skep.db").toFile(), "rw")) {
      file.seek(4096);
      file.write(new byte[4096]);
    }

    assertFails(Code.INTERNAL, "skep.db is damaged", this::open);
    assertFails(Code.INTERNAL, "skep state restore FILE", this::open);
  }

  @Test
  void whatIsNoStoreIsNotOpened() throws IOException {
    Files.writeString(state.resolve("skep.db"), "no database at all".repeat(100));

    assertFails(Code.INTERNAL, "skep.db is damaged", this::open);
  }

  @Test
  void lockedStoreIsToldAsSuch() throws SQLException {
    create("a");
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + state.resolve("skep.db"));
        var statement = connection.createStatement()) {
      statement.execute("PRAGMA locking_mode=EXCLUSIVE");
      statement.execute("BEGIN EXCLUSIVE");

      assertFails(Code.CONFLICT, "another program has locked it", this::open);
    }
  }

  private static void assertFails(Code code, String message, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code))
        .hasMessageContaining(message);
  }
}
