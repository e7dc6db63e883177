package dev.skep.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;

/**
 * Names in the root of an eStargz layer that belong to the format and not to the image (stargz
 * snapshotter, {@code docs/estargz.md}).
 */
final class LazyNames {
  /** The table of contents, the last file of the layer. */
  static final String TOC = "stargz.index.json";

  /** Stands behind the files that a start is expected to read. */
  static final String PREFETCH_LANDMARK = ".prefetch.landmark";

  /** Says that there are none. */
  static final String NO_PREFETCH_LANDMARK = ".no.prefetch.landmark";

  private static final Set<String> ALL = Set.of(TOC, PREFETCH_LANDMARK, NO_PREFETCH_LANDMARK);
  private static final int SHORTEST = TOC.length();

  private LazyNames() {}

  static boolean isOfTheFormat(byte[] name) {
    return name.length >= SHORTEST && ALL.contains(new String(name, StandardCharsets.UTF_8));
  }

  static boolean isPrefetchLandmark(byte[] name) {
    return Arrays.equals(name, PREFETCH_LANDMARK.getBytes(StandardCharsets.UTF_8));
  }
}
