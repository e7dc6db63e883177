package dev.skep.store;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** The tables. Used by the store's thread alone: SQLite's calls block in native code. */
final class Database implements AutoCloseable {
  /** Raised with every change of the tables. */
  static final int SCHEMA = 1;

  private static final String DELETED = ResourceStore.Event.Type.DELETED.name();

  private final Path file;
  private final Connection connection;

  private Database(Path file, Connection connection) {
    this.file = file;
    this.connection = connection;
  }

  /**
   * Opens the tables, made where they are not there.
   *
   * @param maxPages most pages of 4 KiB; 0 means as many as the disk has
   * @throws SkepException INTERNAL if it is damaged, CONFLICT if another program has locked it,
   *     UNSUPPORTED if a newer Skep wrote it; it is left as it was found
   */
  static Database open(Path file, int maxPages) {
    return open(file, maxPages, true);
  }

  /** As {@link #open(Path, int)}, but what has no tables is damaged. */
  static Database openExisting(Path file) {
    return open(file, 0, false);
  }

  private static Database open(Path file, int maxPages, boolean mayBeNew) {
    Connection connection = null;
    try {
      connection = DriverManager.getConnection("jdbc:sqlite:" + file);
      var database = new Database(file, connection);
      database.check(mayBeNew);
      database.execute("PRAGMA journal_mode=WAL");
      database.execute("PRAGMA synchronous=FULL");
      if (maxPages > 0) {
        database.execute("PRAGMA max_page_count=" + maxPages);
      }
      database.migrate();
      connection.setAutoCommit(false);
      return database;
    } catch (SQLException e) {
      closeQuietly(connection, e);
      throw failure(file, e);
    } catch (SkepException e) {
      closeQuietly(connection, e);
      throw e;
    }
  }

  private static void closeQuietly(@Nullable Connection connection, Exception cause) {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  private void check(boolean mayBeNew) throws SQLException {
    String found = text("PRAGMA quick_check(1)");
    if (!found.equals("ok")) {
      throw damaged(file, found, null);
    }
    if (!mayBeNew && number("PRAGMA user_version") == 0) {
      throw damaged(file, "it has no tables of Skep's", null);
    }
  }

  private void migrate() throws SQLException {
    int schema = (int) number("PRAGMA user_version");
    if (schema > SCHEMA) {
      throw new SkepException(
          Code.UNSUPPORTED,
          "%s has schema %d, this Skep knows %d (expected: a Skep as new as the one that wrote it, or another state folder)"
              .formatted(file, schema, SCHEMA));
    }
    if (schema == SCHEMA) {
      return;
    }
    execute("BEGIN");
    execute(
        "CREATE TABLE objects (resource TEXT, namespace TEXT, name TEXT, version INTEGER NOT NULL,"
            + " json BLOB NOT NULL, PRIMARY KEY (resource, namespace, name)) WITHOUT ROWID");
    execute(
        "CREATE TABLE journal (version INTEGER PRIMARY KEY, type TEXT NOT NULL, resource TEXT NOT"
            + " NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, json BLOB NOT NULL)");
    execute("PRAGMA user_version=" + SCHEMA);
    execute("COMMIT");
  }

  /** All objects as the changes that made them. */
  List<Change> objects() {
    return changes("SELECT version, 'MODIFIED', resource, namespace, name, json FROM objects");
  }

  /** At most {@code limit} changes after that version, oldest first. */
  List<Change> after(long version, int limit) {
    return changes(
        "SELECT version, type, resource, namespace, name, json FROM journal WHERE version > "
            + version
            + " ORDER BY version LIMIT "
            + limit);
  }

  /** Versions of the oldest and the newest change that is kept; 0 where there is none. */
  long oldest() {
    return numberOf("SELECT coalesce(min(version), 0) FROM journal");
  }

  long newest() {
    return numberOf("SELECT coalesce(max(version), 0) FROM journal");
  }

  /** Number of objects. */
  long size() {
    return numberOf("SELECT count(*) FROM objects");
  }

  /** Writes all that is there at this moment into a file, which is empty. */
  void copyTo(Path copy) {
    try {
      connection.setAutoCommit(true);
      try (var vacuum = connection.prepareStatement("VACUUM INTO ?")) {
        vacuum.setString(1, copy.toString());
        vacuum.execute();
      }
      connection.setAutoCommit(false);
    } catch (SQLException e) {
      throw failure(copy, e);
    }
  }

  /** All or nothing; on return the changes are on the disk. */
  void write(List<Change> changes, long oldestKept) {
    try {
      for (Change change : changes) {
        write(change);
      }
      trim(oldestKept);
      connection.commit();
    } catch (SQLException e) {
      rollback(e);
      throw failure(file, e);
    }
  }

  private void write(Change change) throws SQLException {
    ObjectKey key = change.key();
    String type = change.type().name();
    if (type.equals(DELETED)) {
      try (var delete =
          connection.prepareStatement(
              "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?")) {
        bind(delete, 1, key);
        delete.executeUpdate();
      }
    } else {
      try (var replace =
          connection.prepareStatement(
              "REPLACE INTO objects (resource, namespace, name, version, json) VALUES (?,?,?,?,?)")) {
        bind(replace, 1, key);
        replace.setLong(4, change.version());
        replace.setBytes(5, change.json());
        replace.executeUpdate();
      }
    }
    try (var append =
        connection.prepareStatement(
            "INSERT INTO journal (version, type, resource, namespace, name, json) VALUES (?,?,?,?,?,?)")) {
      append.setLong(1, change.version());
      append.setString(2, type);
      bind(append, 3, key);
      append.setBytes(6, change.json());
      append.executeUpdate();
    }
  }

  private void trim(long oldestKept) throws SQLException {
    try (var trim = connection.prepareStatement("DELETE FROM journal WHERE version < ?")) {
      trim.setLong(1, oldestKept);
      trim.executeUpdate();
    }
  }

  private static void bind(PreparedStatement statement, int from, ObjectKey key)
      throws SQLException {
    statement.setString(from, key.resource());
    statement.setString(from + 1, key.namespace());
    statement.setString(from + 2, key.name());
  }

  private void rollback(SQLException cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  private List<Change> changes(String query) {
    var changes = new ArrayList<Change>();
    try (var statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      while (row.next()) {
        var key = new ObjectKey(row.getString(3), row.getString(4), row.getString(5));
        var type = ResourceStore.Event.Type.valueOf(row.getString(2));
        changes.add(new Change(row.getLong(1), type, key, row.getBytes(6), false));
      }
      return changes;
    } catch (SQLException e) {
      throw failure(file, e);
    }
  }

  private long numberOf(String query) {
    try {
      return number(query);
    } catch (SQLException e) {
      throw failure(file, e);
    }
  }

  private long number(String query) throws SQLException {
    try (var statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  private String text(String query) throws SQLException {
    try (var statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      return row.next() ? row.getString(1) : "";
    }
  }

  private void execute(String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static SkepException failure(Path file, SQLException e) {
    SQLiteErrorCode found =
        e instanceof SQLiteException known ? known.getResultCode() : SQLiteErrorCode.UNKNOWN_ERROR;
    return switch (found) {
      case SQLITE_FULL ->
          new SkepException(
              Code.EXHAUSTED,
              "%s: no space left on the disk; nothing was changed (free some space and try again)"
                  .formatted(file),
              e);
      case SQLITE_CORRUPT, SQLITE_NOTADB -> damaged(file, String.valueOf(e.getMessage()), e);
      case SQLITE_BUSY, SQLITE_LOCKED ->
          new SkepException(
              Code.CONFLICT,
              "%s: another program has locked it; nothing was changed (end that one and try again)"
                  .formatted(file),
              e);
      default ->
          new SkepException(
              Code.INTERNAL, "%s: %s; nothing was changed".formatted(file, e.getMessage()), e);
    };
  }

  private static SkepException damaged(Path file, String what, @Nullable SQLException cause) {
    return new SkepException(
        Code.INTERNAL,
        "%s is damaged: %s; nothing was changed (expected: a backup, put in its place by 'skep state restore FILE'; or move it away to start with nothing)"
            .formatted(file, what),
        cause);
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw failure(file, e);
    }
  }
}
