package dev.skep.image;

import java.time.Duration;

/** How waiting between tries is done; tests do not wait. */
interface Pause {
  void of(Duration duration) throws InterruptedException;

  Pause REAL = Thread::sleep;
}
