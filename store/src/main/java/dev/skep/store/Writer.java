package dev.skep.store;

import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * The thread that owns the database. It takes what waits, decides each write on the state that the
 * writes before it leave, commits all at once, shows the result to readers and watches, and only
 * then tells the callers.
 */
final class Writer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int QUEUE = 1_024;
  private static final int BATCH = 128;

  private sealed interface Job {
    CompletableFuture<?> answer();
  }

  private record WriteJob(
      ObjectKey key, Write.Decision decision, CompletableFuture<ApiObject> answer) implements Job {}

  private record ReadJob(long after, int limit, CompletableFuture<List<Change>> answer)
      implements Job {}

  private record StopJob(CompletableFuture<?> answer) implements Job {}

  private final Database database;
  private final Objects objects;
  private final Consumer<List<Change>> committed;
  private final int keptChanges;
  private final BlockingQueue<Job> jobs = new ArrayBlockingQueue<>(QUEUE);
  private final Thread thread;
  private volatile boolean finished;
  private long version;

  Writer(
      Database database,
      Objects objects,
      long version,
      int keptChanges,
      Consumer<List<Change>> committed) {
    this.database = database;
    this.objects = objects;
    this.version = version;
    this.keptChanges = keptChanges;
    this.committed = committed;
    this.thread = Thread.ofPlatform().name("store-writer").daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Returns once the write is on the disk and visible. */
  ApiObject write(ObjectKey key, Write.Decision decision) {
    return await(submit(key, decision));
  }

  /** The same, without waiting for it; what is submitted first is decided first. */
  CompletableFuture<ApiObject> submit(ObjectKey key, Write.Decision decision) {
    var answer = new CompletableFuture<ApiObject>();
    submit(new WriteJob(key, decision, answer));
    return answer;
  }

  /** At most {@code limit} changes after that version, oldest first. */
  List<Change> readJournal(long after, int limit) {
    var answer = new CompletableFuture<List<Change>>();
    submit(new ReadJob(after, limit, answer));
    return await(answer);
  }

  private void submit(Job job) {
    if (Thread.currentThread() == thread) {
      throw new IllegalStateException("a write that is being decided asks the store");
    }
    try {
      if (finished) {
        throw closed();
      }
      if (!jobs.offer(job, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new SkepException(
            Code.UNAVAILABLE, "the store is busy: %d writes wait; try again".formatted(QUEUE));
      }
      if (finished) {
        job.answer().completeExceptionally(closed());
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  static <T> T await(CompletableFuture<T> answer) {
    try {
      return answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
    } catch (TimeoutException e) {
      throw new SkepException(
          Code.TIMEOUT,
          "the disk did not take the write within %d s; it may still happen"
              .formatted(PATIENCE.toSeconds()),
          e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static SkepException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new SkepException(Code.UNAVAILABLE, "interrupted while waiting for the store", e);
  }

  private static SkepException closed() {
    return new SkepException(Code.UNAVAILABLE, "the store is closed");
  }

  private void run() {
    boolean going = true;
    while (going) {
      going = work(next());
    }
    database.close();
    finished = true;
    var late = new ArrayList<Job>();
    jobs.drainTo(late);
    late.forEach(job -> job.answer().completeExceptionally(closed()));
  }

  private List<Job> next() {
    var batch = new ArrayList<Job>();
    try {
      batch.add(jobs.take());
      jobs.drainTo(batch, BATCH - 1);
    } catch (InterruptedException _) {
      batch.add(new StopJob(new CompletableFuture<>()));
    }
    return batch;
  }

  private boolean work(List<Job> batch) {
    boolean going = true;
    var staged = new StagedWrites(objects, version);
    for (Job job : batch) {
      switch (job) {
        case WriteJob write -> staged.decide(write.key(), write.decision(), write.answer());
        case ReadJob read -> read(read);
        case StopJob stop -> going = false;
      }
    }
    commit(staged);
    return going;
  }

  private void commit(StagedWrites staged) {
    List<Change> changes = staged.changes();
    try {
      if (!changes.isEmpty()) {
        long newest = changes.getLast().version();
        database.write(changes, newest - keptChanges + 1);
        version = newest;
        objects.apply(changes);
        committed.accept(changes);
      }
      staged.answer();
    } catch (RuntimeException e) {
      staged.fail(e);
    }
  }

  private void read(ReadJob read) {
    try {
      read.answer().complete(database.after(read.after(), read.limit()));
    } catch (RuntimeException e) {
      read.answer().completeExceptionally(e);
    }
  }

  /** Ends the thread after all that waits. */
  @Override
  public void close() {
    try {
      if (!finished && jobs.offer(new StopJob(new CompletableFuture<>()), 10, TimeUnit.SECONDS)) {
        thread.join(PATIENCE);
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }
}
