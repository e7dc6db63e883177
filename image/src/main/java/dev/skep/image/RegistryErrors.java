package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.time.Duration;

/** What the status of an answer means: try again, or say what is wrong. */
final class RegistryErrors {
  private RegistryErrors() {}

  static void check(Transport.Answer answer, String what, RegistryAccess access)
      throws IOException {
    int status = answer.status();
    if (status == 200) {
      return;
    }
    if (status == 401 || status == 403) {
      throw access.refusal("it answers " + status + detail(answer));
    }
    if (status == 404) {
      throw new SkepException(
          Code.NOT_FOUND, "the registry has no " + what + detail(answer) + "; check the name");
    }
    String message = "the registry answers " + status + " for " + what + detail(answer);
    if (status == 408 || status == 429 || status >= 500) {
      throw new Retry.Later(message, retryAfter(answer));
    }
    throw new SkepException(Code.UNAVAILABLE, message);
  }

  /** The error text of the registry, cut short. */
  private static String detail(Transport.Answer answer) {
    String text = answer.text().strip();
    return text.isEmpty() ? "" : " (" + Printable.of(text) + ")";
  }

  private static Duration retryAfter(Transport.Answer answer) {
    String seconds = answer.header("Retry-After");
    return seconds.matches("\\d{1,4}")
        ? Duration.ofSeconds(Long.parseLong(seconds))
        : Duration.ZERO;
  }
}
