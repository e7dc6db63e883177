package dev.skep.daemon;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Steps of a start that run beside each other. */
final class Starts {
  /** One step. */
  interface Step {
    void run() throws IOException;
  }

  private Starts() {}

  /** Waits for all, and throws the first failure with the others as suppressed. */
  static void together(Step... steps) throws IOException, InterruptedException {
    List<Callable<Boolean>> calls = Arrays.stream(steps).map(Starts::call).toList();
    Throwable first = null;
    try (var threads =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().name("start-", 0).factory())) {
      for (Future<Boolean> step : threads.invokeAll(calls)) {
        first = failure(step, first);
      }
    }
    switch (first) {
      case null -> {}
      case RuntimeException failure -> throw failure;
      case IOException failure -> throw failure;
      case Throwable failure -> throw new IllegalStateException(failure);
    }
  }

  private static Callable<Boolean> call(Step step) {
    return () -> {
      step.run();
      return true;
    };
  }

  private static @Nullable Throwable failure(Future<Boolean> step, @Nullable Throwable first)
      throws InterruptedException {
    try {
      step.get();
      return first;
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (first == null) {
        return cause;
      }
      first.addSuppressed(cause);
      return first;
    }
  }
}
