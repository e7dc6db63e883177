package dev.skep.eventing;

import io.cloudevents.CloudEvent;
import java.util.Optional;

/** What came of sending an event once. */
sealed interface Outcome {
  /**
   * The subscriber took it (2xx).
   *
   * @param reply the event that it answered with
   * @param stray it answered with something that is no event
   */
  record Taken(Optional<CloudEvent> reply, boolean stray) implements Outcome {}

  /**
   * It did not.
   *
   * @param code HTTP status; {@link #NO_ANSWER} where there was none
   * @param body of the answer
   * @param again whether another attempt may help: after no answer, 404, 408, 409, 429 and 5xx, as
   *     in Knative
   */
  @SuppressWarnings("ArrayRecordComponent") // never changed, never compared
  record Failed(int code, byte[] body, String message, boolean again) implements Outcome {
    static Failed unanswered(String message) {
      return new Failed(NO_ANSWER, new byte[0], message, true);
    }

    /** The same, once more or not, whatever the code says. */
    static Failed answered(int code, byte[] body) {
      boolean again =
          code == 404 || code == 408 || code == 409 || code == 429 || (code >= 500 && code < 600);
      return new Failed(code, body, "HTTP status " + code, again);
    }
  }

  int NO_ANSWER = -1;
}
