package dev.skep.snapshot;

import java.util.List;

/**
 * The pages of a guest's memory that a restored guest touched first, in that order (REAP,
 * ASPLOS'21, 5.1).
 *
 * @param memoryBytes size of the memory file that it belongs to
 * @param pages numbers of pages of {@link #PAGE_BYTES}, each once
 */
public record WorkingSet(long memoryBytes, List<Integer> pages) {
  public static final int PAGE_BYTES = 4096;

  public WorkingSet {
    pages = List.copyOf(pages);
  }
}
