package dev.skep.eventing;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * Events and who has still to get them, in one SQLite file. One platform thread owns it and commits
 * all that waits at once; a method that changes something returns when that is on the disk. Safe
 * for use by any thread.
 */
final class EventQueue implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventQueue.class);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int JOBS = 256;
  private static final int BATCH = 64;
  private static final int SCHEMA = 1;

  /** What may wait. */
  record Budget(int deliveries, long bytes) {
    static final Budget STANDARD = new Budget(50_000, 256L << 20);
  }

  /** An event that takes the place of a delivery that is done, and who gets it. */
  @SuppressWarnings("ArrayRecordComponent") // never changed, never compared
  record Next(byte[] event, Delivery.Leg leg, List<String> feeds) {}

  private interface Work<T> {
    T run() throws SQLException;
  }

  private record Job<T>(Work<T> work, CompletableFuture<T> answer) {
    /** Gives what to do once it is committed. */
    Runnable run() throws SQLException {
      try {
        T result = work.run();
        return () -> answer.complete(result);
      } catch (SkepException refused) {
        return () -> answer.completeExceptionally(refused);
      }
    }
  }

  private final Path file;
  private final Budget budget;
  private final Connection connection;
  private final BlockingQueue<Job<?>> jobs = new ArrayBlockingQueue<>(JOBS);
  private final Thread thread;
  private volatile boolean closed;

  /** Of the thread alone. */
  private long deliveries;

  private long bytes;

  private EventQueue(Path file, Budget budget, Connection connection) throws SQLException {
    this.file = file;
    this.budget = budget;
    this.connection = connection;
    count();
    this.thread = Thread.ofPlatform().name("event-queue").daemon().unstarted(this::run);
  }

  /**
   * Opens the queue, made if it is not there; its folder is the property of this process.
   *
   * @throws SkepException UNSUPPORTED when a newer Skep wrote it, INTERNAL when it cannot be read
   */
  static EventQueue open(Path file, Budget budget) {
    try {
      Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
      try {
        prepare(file, connection);
        var queue = new EventQueue(file, budget, connection);
        queue.thread.start();
        return queue;
      } catch (SQLException | RuntimeException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw failure(file, e);
    }
  }

  private static void prepare(Path file, Connection connection) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute("PRAGMA journal_mode=WAL");
      statement.execute("PRAGMA synchronous=FULL");
      int schema;
      try (ResultSet row = statement.executeQuery("PRAGMA user_version")) {
        schema = row.next() ? row.getInt(1) : 0;
      }
      if (schema > SCHEMA) {
        throw new SkepException(
            Code.UNSUPPORTED,
            "%s has schema %d, this Skep knows %d (expected: a Skep as new as the one that wrote it, or another state folder)"
                .formatted(file, schema, SCHEMA));
      }
      connection.setAutoCommit(false);
      statement.execute(
          "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT"
              + " NULL)");
      statement.execute(
          "CREATE TABLE IF NOT EXISTS deliveries (id INTEGER PRIMARY KEY AUTOINCREMENT, event"
              + " INTEGER NOT NULL, feed TEXT NOT NULL, leg TEXT NOT NULL)");
      statement.execute("CREATE INDEX IF NOT EXISTS by_event ON deliveries (event)");
      statement.execute("PRAGMA user_version=" + SCHEMA);
      connection.commit();
    }
  }

  /** All that waits, oldest first. */
  List<Delivery> waiting() {
    return submit(
        () -> {
          var all = new ArrayList<Delivery>();
          try (var select =
                  connection.prepareStatement(
                      "SELECT id, event, feed, leg FROM deliveries ORDER BY id");
              ResultSet row = select.executeQuery()) {
            while (row.next()) {
              var leg = Delivery.Leg.valueOf(row.getString(4));
              all.add(new Delivery(row.getLong(1), row.getLong(2), row.getString(3), leg));
            }
          }
          return List.copyOf(all);
        });
  }

  /**
   * Keeps an event for some feeds.
   *
   * @throws SkepException EXHAUSTED where the budget is used up
   */
  List<Delivery> append(byte[] event, List<String> feeds) {
    return submit(
        () -> {
          allow(event.length, feeds.size());
          return insert(new Next(event, Delivery.Leg.SUBSCRIBER, feeds));
        });
  }

  /**
   * Ends a delivery, and keeps what follows of it, both or neither.
   *
   * @throws SkepException EXHAUSTED where the budget is used up: the delivery is still there. What
   *     takes the place of one delivery is always allowed.
   */
  List<Delivery> settle(Delivery done, List<Next> next) {
    return submit(
        () -> {
          for (Next one : next) {
            if (one.leg() == Delivery.Leg.SUBSCRIBER) {
              allow(one.event().length, one.feeds().size());
            }
          }
          remove(done);
          var more = new ArrayList<Delivery>();
          for (Next one : next) {
            more.addAll(insert(one));
          }
          return List.copyOf(more);
        });
  }

  /** The event of a delivery; empty for one that is settled. */
  Optional<byte[]> event(Delivery delivery) {
    return submit(
        () -> {
          try (var select = connection.prepareStatement("SELECT body FROM events WHERE id = ?")) {
            select.setLong(1, delivery.event());
            try (ResultSet row = select.executeQuery()) {
              return row.next() ? Optional.of(row.getBytes(1)) : Optional.empty();
            }
          }
        });
  }

  private void allow(int size, int receivers) {
    if (deliveries + receivers > budget.deliveries() || bytes + size > budget.bytes()) {
      throw new SkepException(
          Code.EXHAUSTED,
          "the queue is full: %d deliveries and %d bytes wait (expected: at most %d and %d; subscribers are slower than events come)"
              .formatted(deliveries, bytes, budget.deliveries(), budget.bytes()));
    }
  }

  private List<Delivery> insert(Next next) throws SQLException {
    long event = insertEvent(next.event());
    var made = new ArrayList<Delivery>();
    try (var insert =
        connection.prepareStatement(
            "INSERT INTO deliveries (event, feed, leg) VALUES (?,?,?) RETURNING id")) {
      for (String feed : next.feeds()) {
        insert.setLong(1, event);
        insert.setString(2, feed);
        insert.setString(3, next.leg().name());
        made.add(new Delivery(returned(insert), event, feed, next.leg()));
      }
    }
    deliveries += made.size();
    bytes += next.event().length;
    return made;
  }

  private long insertEvent(byte[] body) throws SQLException {
    try (var insert =
        connection.prepareStatement("INSERT INTO events (body) VALUES (?) RETURNING id")) {
      insert.setBytes(1, body);
      return returned(insert);
    }
  }

  private void remove(Delivery done) throws SQLException {
    try (var delete = connection.prepareStatement("DELETE FROM deliveries WHERE id = ?")) {
      delete.setLong(1, done.id());
      deliveries -= delete.executeUpdate();
    }
    try (var delete =
        connection.prepareStatement(
            "DELETE FROM events WHERE id = ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event"
                + " = ?) RETURNING length(body)")) {
      delete.setLong(1, done.event());
      delete.setLong(2, done.event());
      bytes -= returned(delete);
    }
  }

  /** The one number that a statement gives; 0 where it gives none. */
  private static long returned(PreparedStatement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery()) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  private void count() throws SQLException {
    try (var statement = connection.createStatement()) {
      try (ResultSet row = statement.executeQuery("SELECT count(*) FROM deliveries")) {
        deliveries = row.next() ? row.getLong(1) : 0;
      }
      try (ResultSet row =
          statement.executeQuery("SELECT coalesce(sum(length(body)), 0) FROM events")) {
        bytes = row.next() ? row.getLong(1) : 0;
      }
    }
  }

  private <T> T submit(Work<T> work) {
    var answer = new CompletableFuture<T>();
    try {
      if (closed
          || !jobs.offer(new Job<>(work, answer), PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw unavailable();
      }
      return answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
    } catch (TimeoutException e) {
      throw new SkepException(
          Code.TIMEOUT,
          "the disk did not take the event within %d s; it may still be delivered"
              .formatted(PATIENCE.toSeconds()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while waiting for the event queue", e);
    }
  }

  private SkepException unavailable() {
    return new SkepException(
        Code.UNAVAILABLE, closed ? "the event queue is closed" : "the event queue is busy");
  }

  private void run() {
    var batch = new ArrayList<Job<?>>();
    while (!closed || !jobs.isEmpty()) {
      batch.clear();
      try {
        batch.add(jobs.take());
      } catch (InterruptedException closing) {
        continue;
      }
      jobs.drainTo(batch, BATCH - 1);
      work(batch);
    }
    jobs.forEach(late -> late.answer().completeExceptionally(unavailable()));
  }

  private void work(List<Job<?>> batch) {
    var answers = new ArrayList<Runnable>();
    try {
      for (Job<?> job : batch) {
        answers.add(job.run());
      }
      connection.commit();
    } catch (SQLException e) {
      rollback(e);
      batch.forEach(job -> job.answer().completeExceptionally(failure(file, e)));
      return;
    } catch (RuntimeException | Error defect) { // the thread must go on, or nobody is answered
      LOG.error("a batch of the event queue failed", defect);
      rollback(new SQLException(defect));
      batch.forEach(job -> job.answer().completeExceptionally(defect));
      return;
    }
    answers.forEach(Runnable::run);
  }

  private void rollback(SQLException cause) {
    try {
      connection.rollback();
      count();
    } catch (SQLException e) {
      cause.addSuppressed(e);
      LOG.error("{} could not be rolled back", file, cause);
    }
  }

  private static SkepException failure(Path file, SQLException e) {
    boolean full =
        e instanceof SQLiteException known && known.getResultCode() == SQLiteErrorCode.SQLITE_FULL;
    return new SkepException(
        full ? Code.EXHAUSTED : Code.INTERNAL,
        "%s: %s; nothing was changed"
            .formatted(file, full ? "no space left on the disk" : e.getMessage()),
        e);
  }

  /** Ends the thread after all that waits. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join(PATIENCE);
      connection.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (SQLException e) {
      throw failure(file, e);
    }
  }
}
