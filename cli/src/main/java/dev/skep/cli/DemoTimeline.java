package dev.skep.cli;

import java.util.ArrayList;
import java.util.List;

/** How many instances of one function were ready, over time. Written by one thread, read by any. */
final class DemoTimeline {
  private record Change(long atNanos, int ready) {}

  private final long originNanos;
  private final List<Change> changes = new ArrayList<>();
  private int most;

  DemoTimeline(long originNanos) {
    this.originNanos = originNanos;
  }

  synchronized void saw(long atNanos, int ready) {
    if (changes.isEmpty() || changes.getLast().ready() != ready) {
      changes.add(new Change(atNanos - originNanos, ready));
      most = Math.max(most, ready);
    }
  }

  synchronized int now() {
    return changes.isEmpty() ? 0 : changes.getLast().ready();
  }

  synchronized int most() {
    return most;
  }

  /** The largest number in each of {@code columns} equal stretches between two moments. */
  synchronized int[] columns(long fromNanos, long toNanos, int columns) {
    int[] largest = new int[columns];
    double width = (double) Math.max(1, toNanos - fromNanos) / columns;
    for (int i = 0; i < changes.size(); i++) {
      double from = (changes.get(i).atNanos() + originNanos - fromNanos) / width;
      double to =
          i + 1 < changes.size()
              ? (changes.get(i + 1).atNanos() + originNanos - fromNanos) / width
              : columns;
      for (int column = Math.max(0, (int) from); column < columns && column < to; column++) {
        largest[column] = Math.max(largest[column], changes.get(i).ready());
      }
    }
    return largest;
  }
}
