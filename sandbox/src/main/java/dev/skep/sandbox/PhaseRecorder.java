package dev.skep.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Cuts one start into phases that never overlap: entering a phase ends the one before. Safe for use
 * by several threads. Times are those of the given monotonic clock, in nanoseconds.
 */
public final class PhaseRecorder {
  /**
   * One stretch of time.
   *
   * @param startNanos after the start of the record
   */
  public record Span(Phase phase, long startNanos, long durationNanos) {}

  private record Mark(Phase phase, long atNanos) {}

  private final LongSupplier clock;
  private final long originNanos;
  private final List<Mark> marks = new ArrayList<>();
  private long endNanos = Long.MIN_VALUE;

  /** Starts a record now. */
  public PhaseRecorder(LongSupplier clock) {
    this(clock, clock.getAsLong());
  }

  /**
   * Starts a record at an earlier moment of the same clock, such as the arrival of the request that
   * waits.
   */
  public PhaseRecorder(LongSupplier clock, long originNanos) {
    this.clock = clock;
    this.originNanos = originNanos;
  }

  public long originNanos() {
    return originNanos;
  }

  /** Ends the current phase and begins {@code phase} now. */
  public void enter(Phase phase) {
    enterAt(phase, clock.getAsLong());
  }

  /**
   * As {@link #enter}, at a moment that was measured elsewhere; never before the last one, never
   * after the end.
   */
  public synchronized void enterAt(Phase phase, long nanos) {
    if (endNanos != Long.MIN_VALUE) {
      return;
    }
    long last = marks.isEmpty() ? originNanos : marks.getLast().atNanos();
    marks.add(new Mark(phase, Math.max(last, nanos)));
  }

  /** Ends the record; later calls change nothing. */
  public void finish() {
    finishAt(clock.getAsLong());
  }

  /** As {@link #finish}, at a moment that was measured elsewhere. */
  public synchronized void finishAt(long nanos) {
    if (endNanos == Long.MIN_VALUE) {
      endNanos = Math.max(nanos, marks.isEmpty() ? originNanos : marks.getLast().atNanos());
    }
  }

  /**
   * The phases so far, in order, without empty ones; they sum to {@link #totalNanos}. Time before
   * the first phase is {@link Phase#OTHER}.
   */
  public synchronized List<Span> spans() {
    var spans = new ArrayList<Span>();
    long end = end();
    long from = originNanos;
    Phase phase = Phase.OTHER;
    for (Mark mark : marks) {
      add(spans, phase, from, mark.atNanos());
      phase = mark.phase();
      from = mark.atNanos();
    }
    add(spans, phase, from, end);
    return List.copyOf(spans);
  }

  /** From the start of the record to its end, or to now while it runs. */
  public synchronized long totalNanos() {
    return end() - originNanos;
  }

  private long end() {
    return endNanos == Long.MIN_VALUE ? clock.getAsLong() : endNanos;
  }

  private void add(List<Span> spans, Phase phase, long from, long to) {
    if (to > from) {
      spans.add(new Span(phase, from - originNanos, to - from));
    }
  }
}
