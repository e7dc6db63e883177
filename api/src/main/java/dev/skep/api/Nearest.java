package dev.skep.api;

import java.util.Collection;
import java.util.Comparator;

/** Finds the name that was probably meant; pure. */
public final class Nearest {
  private Nearest() {}

  /**
   * The end of an error message: the nearest of the known names where one is near, all of them
   * where none is.
   */
  public static String hint(String name, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(candidate -> distance(name, candidate)))
        .filter(candidate -> distance(name, candidate) <= 1 + name.length() / 3)
        .map(candidate -> " (did you mean " + candidate + "?)")
        .orElse(" (expected: " + String.join(", ", known) + ")");
  }

  /** Levenshtein's, without regard to case. */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int same =
            Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1))
                ? 0
                : 1;
        int best = Math.min(diagonal + same, 1 + Math.min(row[j], row[j - 1]));
        diagonal = row[j];
        row[j] = best;
      }
    }
    return row[b.length()];
  }
}
