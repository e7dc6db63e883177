package dev.skep.microvm;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of Firecracker, and what it can do.
 *
 * @param text all of it, because no two builds share snapshots
 */
record FirecrackerVersion(String text, int major, int minor) {
  private static final Pattern SHAPE = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})\\S*");
  private static final long GIB = 1L << 30;

  /** Empty where there is none at the text's beginning. */
  static Optional<FirecrackerVersion> at(String text) {
    Matcher matcher = SHAPE.matcher(text);
    return matcher.lookingAt()
        ? Optional.of(
            new FirecrackerVersion(
                matcher.group(),
                Integer.parseInt(matcher.group(1)),
                Integer.parseInt(matcher.group(2))))
        : Optional.empty();
  }

  /** Whether it is 1.{@code minor} or later. */
  boolean isAtLeast(int lowestMinor) {
    return major > 1 || (major == 1 && minor >= lowestMinor);
  }

  /** Whether guests find their devices in firmware tables; else on their command line. */
  boolean tables() {
    return isAtLeast(8);
  }

  /** Whether a load can name another tap than the one that was saved. */
  boolean overridesNetworks() {
    return isAtLeast(12);
  }

  /**
   * Whether it can save the resident pages of a guest's memory alone; before 1.15 those beyond the
   * first 3 GiB went to the wrong place.
   */
  boolean savesResidentPages(long memoryBytes) {
    return isAtLeast(15) || (isAtLeast(13) && memoryBytes <= 3 * GIB);
  }

  @Override
  public String toString() {
    return text;
  }
}
