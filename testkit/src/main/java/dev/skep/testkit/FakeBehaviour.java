package dev.skep.testkit;

import dev.skep.sandbox.StartFailure;
import java.time.Duration;
import java.util.Optional;

/**
 * What a fake sandbox does when it is started.
 *
 * @param createDelay spent in {@code create}
 * @param startDelay spent in {@code start} before the process is ready
 * @param failure the start ends with it, after its delays
 * @param http whether a ready sandbox has a real HTTP server on loopback; without one its endpoint
 *     refuses connections
 */
public record FakeBehaviour(
    Duration createDelay, Duration startDelay, Optional<StartFailure> failure, boolean http) {
  /** Ready at once, answers HTTP. */
  public static final FakeBehaviour SERVES =
      new FakeBehaviour(Duration.ZERO, Duration.ZERO, Optional.empty(), true);

  /** Ready at once, no server: for tests that send no requests. */
  public static final FakeBehaviour SILENT =
      new FakeBehaviour(Duration.ZERO, Duration.ZERO, Optional.empty(), false);

  public FakeBehaviour after(Duration startDelay) {
    return new FakeBehaviour(createDelay, startDelay, failure, http);
  }

  public FakeBehaviour failing(StartFailure with) {
    return new FakeBehaviour(createDelay, startDelay, Optional.of(with), http);
  }

  public FakeBehaviour failing(StartFailure.Reason reason, String message) {
    return failing(StartFailure.of(reason, message));
  }
}
