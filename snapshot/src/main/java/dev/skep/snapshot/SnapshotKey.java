package dev.skep.snapshot;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.skep.api.SkepException;
import java.util.regex.Pattern;

/**
 * A digest of everything that makes a saved state incompatible (VMM, CPU, kernel, image, process).
 * Snapshots of one key can replace each other. Opaque here: whoever takes snapshots computes it.
 *
 * @param value {@code sha256:} and 64 lower-case hexadecimal digits
 */
public record SnapshotKey(@JsonValue String value) {
  private static final Pattern FORM = Pattern.compile("sha256:[0-9a-f]{64}");
  private static final int ALGORITHM = "sha256:".length();
  private static final int SHORT = 12;

  /** Fails with INVALID for anything else. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public SnapshotKey {
    if (!FORM.matcher(value).matches()) {
      throw new SkepException(
          SkepException.Code.INVALID,
          "snapshot key '%s' (expected: 'sha256:' and 64 hexadecimal digits)".formatted(value));
    }
  }

  /** Its first digits: enough for people, and safe in a file name. */
  String shortForm() {
    return value.substring(ALGORITHM, ALGORITHM + SHORT);
  }

  @Override
  public String toString() {
    return value;
  }
}
