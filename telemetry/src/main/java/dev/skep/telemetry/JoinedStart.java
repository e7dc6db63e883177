package dev.skep.telemetry;

import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Joins the record of a start with the request that waited for it; pure. */
final class JoinedStart {
  private JoinedStart() {}

  /**
   * The same start as the request saw it: from its arrival to the last byte of its response. What
   * the start did before the request came is cut off.
   *
   * @param originNanos of the record's phases
   */
  static ColdStart of(ColdStart start, long originNanos, WaitedRequest request) {
    var phases = new PhaseRecorder(request::doneNanos, request.arrivedNanos());
    phases.enterAt(Phase.QUEUE, request.arrivedNanos());
    for (PhaseRecorder.Span span : start.phases()) {
      if (span.phase() != Phase.QUEUE) {
        phases.enterAt(span.phase(), originNanos + span.startNanos());
      }
    }
    phases.enterAt(Phase.PROPAGATE, originNanos + start.total().toNanos());
    phases.enterAt(Phase.EXEC, request.dispatchedNanos());
    phases.enterAt(Phase.RESPONSE_WRITE, request.firstByteNanos());
    phases.finishAt(request.doneNanos());
    return new ColdStart(
        start.id(),
        start.instance(),
        start.namespace(),
        start.service(),
        start.revision(),
        start.plan(),
        start.reason(),
        start.decision(),
        Optional.of(request.ids().request()),
        request.ids().trace(),
        start.startedAt().plusNanos(request.arrivedNanos() - originNanos),
        Duration.ofNanos(phases.totalNanos()),
        merged(phases),
        start.concurrentStarts(),
        start.failure());
  }

  /** Neighbours of one phase become one span. */
  private static List<PhaseRecorder.Span> merged(PhaseRecorder phases) {
    var merged = new ArrayList<PhaseRecorder.Span>();
    for (PhaseRecorder.Span span : phases.spans()) {
      PhaseRecorder.Span last = merged.isEmpty() ? null : merged.getLast();
      if (last != null && last.phase() == span.phase()) {
        merged.removeLast();
        merged.add(
            new PhaseRecorder.Span(
                last.phase(), last.startNanos(), last.durationNanos() + span.durationNanos()));
      } else {
        merged.add(span);
      }
    }
    return List.copyOf(merged);
  }
}
