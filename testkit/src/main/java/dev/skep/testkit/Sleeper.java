package dev.skep.testkit;

import java.time.Duration;

/** How a fake spends time. */
@FunctionalInterface
public interface Sleeper {
  void sleep(Duration time) throws InterruptedException;

  /** Really sleeps. */
  Sleeper REAL = Thread::sleep;

  /** Takes no time at all. */
  Sleeper NONE = _ -> {};
}
