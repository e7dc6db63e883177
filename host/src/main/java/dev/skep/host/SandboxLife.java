package dev.skep.host;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.Sandbox.State;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of one sandbox, whatever its kind: the states that it goes through, and its one end.
 * What changes its state runs in turns.
 */
public final class SandboxLife {
  private static final Logger LOG = LoggerFactory.getLogger(SandboxLife.class);

  private final String id;
  private final CompletableFuture<Exit> exit = new CompletableFuture<>();
  private volatile State state = State.CREATED;
  private volatile boolean stopRequested;
  private volatile boolean released;
  private volatile boolean ending;

  public SandboxLife(String id) {
    this.id = id;
  }

  public State state() {
    return state;
  }

  /** Completes when it has ended and nothing of it is left. */
  public CompletableFuture<Exit> exit() {
    return exit;
  }

  /** Whether somebody wants it to end. */
  public boolean stopRequested() {
    return stopRequested;
  }

  /** Whether its end is nobody's business here: it has come, or is for the next daemon to see. */
  public boolean isOver() {
    return ending || released;
  }

  /** It goes on, for a later daemon to adopt. */
  public void release() {
    released = true;
  }

  /**
   * It starts.
   *
   * @throws SkepException CONFLICT where it has before
   */
  public synchronized void begin() {
    if (state != State.CREATED) {
      throw refused("start", State.CREATED);
    }
    state = State.STARTING;
  }

  /**
   * The last step of its start; false where it has ended meanwhile.
   *
   * @param note what a later daemon must find of one that is ready; it is so when this is done
   */
  public synchronized boolean becomeReady(Runnable note) {
    if (ending || state != State.STARTING) {
      return false;
    }
    note.run();
    state = State.READY;
    return true;
  }

  /**
   * An earlier daemon started it.
   *
   * @param found READY or PAUSED
   */
  public synchronized void takeOver(State found) {
    state = found;
  }

  /**
   * Nothing where it is paused.
   *
   * @throws SkepException CONFLICT where it is neither READY nor PAUSED, as {@link #resume}
   */
  public synchronized void pause(Runnable step) {
    if (state != State.PAUSED) {
      requireReady("pause");
      step.run();
      state = State.PAUSED;
    }
  }

  /** Nothing where it is not paused. */
  public synchronized void resume(Runnable step) {
    if (state == State.PAUSED) {
      step.run();
      state = State.READY;
    } else {
      requireReady("resume");
    }
  }

  /** Runs something during which it neither pauses nor becomes anything else but ended. */
  public synchronized <T> T whileReady(String verb, Supplier<T> step) {
    requireReady(verb);
    return step.get();
  }

  /**
   * Refuses what only a sandbox that is READY does.
   *
   * @throws SkepException CONFLICT otherwise
   */
  public void requireReady(String verb) {
    if (state != State.READY) {
      throw refused(verb, State.READY);
    }
  }

  private SkepException refused(String verb, State expected) {
    return new SkepException(
        Code.CONFLICT,
        "sandbox %s: %s in state %s (expected: %s)".formatted(id, verb, state, expected));
  }

  /**
   * Somebody wants it to end.
   *
   * @param grace for what {@code ask} asks for; none where zero
   * @param ask tells the process to end
   * @param asked completes when it has
   * @param finish as for {@link #end}
   */
  public Exit stop(
      Duration grace, Runnable ask, CompletableFuture<?> asked, Supplier<Exit> finish) {
    stopRequested = true;
    if (grace.isPositive() && !exit.isDone()) {
      askToEnd(grace, ask, asked);
    }
    return end(finish);
  }

  private void askToEnd(Duration grace, Runnable ask, CompletableFuture<?> asked) {
    try {
      ask.run();
      asked.get(grace.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.info("Sandbox {} is killed: it did not stop within {} ms", id, grace.toMillis());
    } catch (SkepException | ExecutionException e) {
      LOG.info("Sandbox {} is killed: it did not stop: {}", id, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Ends it. Only the first call does, and later ones wait for it.
   *
   * @param finish kills what runs, removes what is there, and says how it ended
   */
  public Exit end(Supplier<Exit> finish) {
    if (isFirstToEnd()) {
      try {
        Exit how = finish.get();
        state = State.STOPPED;
        exit.complete(how);
      } catch (RuntimeException e) {
        state = State.STOPPED;
        exit.completeExceptionally(e);
      }
    }
    return exit.join();
  }

  private synchronized boolean isFirstToEnd() {
    boolean first = !ending;
    ending = true;
    return first;
  }

  /** Of a start during which it ends: waits for its end, and tells why that came. */
  public StartOutcome endedAtStart() {
    Exit how = exit.join();
    return new StartOutcome.Failed(
        stopRequested
            ? new StartFailure(
                Reason.CANCELLED, "stopped while it started", how.code(), how.lastOutput())
            : failure(how));
  }

  private static StartFailure failure(Exit how) {
    boolean exited = how.code().isPresent();
    Reason reason = exited ? Reason.GUEST_EXIT : Reason.HOST;
    return new StartFailure(
        how.outOfMemory() ? Reason.OUT_OF_MEMORY : reason,
        exited ? "the process ended before it was ready: " + how.message() : how.message(),
        how.code(),
        how.lastOutput());
  }
}
