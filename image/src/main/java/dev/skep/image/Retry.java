package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;

/** Tries a request again after failures that may pass, for a bounded number of times in a row. */
final class Retry {
  /** One try; failures that may pass are IOExceptions. */
  interface Try<T> {
    T run() throws IOException;
  }

  /** A failure that may pass, with a wait that the peer asked for. */
  static final class Later extends IOException {
    private final Duration wait;

    Later(String message, Duration wait) {
      super(message);
      this.wait = wait;
    }

    Duration duration() {
      return wait;
    }
  }

  private static final Duration FIRST = Duration.ofMillis(200);
  private static final Duration LONGEST = Duration.ofSeconds(10);

  private final Pause pause;
  private final int budget;
  private int failures;

  Retry(Pause pause, int budget) {
    this.pause = pause;
    this.budget = budget;
  }

  /** Progress was made: the budget is whole again. */
  void progressed() {
    failures = 0;
  }

  <T> T run(String what, Try<T> once) {
    while (true) {
      try {
        return once.run();
      } catch (InterruptedIOException e) {
        throw unavailable(what, e);
      } catch (IOException e) {
        if (++failures > budget) {
          throw unavailable(what + " failed " + failures + " times in a row", e);
        }
        sleep(what, wait(e));
      }
    }
  }

  private Duration wait(IOException failure) {
    Duration backoff = FIRST.multipliedBy(1L << Math.min(failures - 1, 10));
    Duration wanted = failure instanceof Later later ? later.wait : Duration.ZERO;
    Duration longer = backoff.compareTo(wanted) < 0 ? wanted : backoff;
    return longer.compareTo(LONGEST) > 0 ? LONGEST : longer;
  }

  private void sleep(String what, Duration wait) {
    try {
      pause.of(wait);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable(what, new InterruptedIOException("the pull was cancelled"));
    }
  }

  private static SkepException unavailable(String what, IOException e) {
    return new SkepException(
        Code.UNAVAILABLE, what + (e.getMessage() == null ? "" : ": " + e.getMessage()), e);
  }
}
