package dev.skep.telemetry;

import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.StartFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the time of one start went. The phases do not overlap and sum to {@code total}.
 *
 * <p>With a waiting request the record runs from the arrival of that request to the last byte of
 * its response; without one (scale-out, pre-warming) from the decision to start until the gateway
 * knows the instance.
 *
 * @param id of this record
 * @param plan how it was started: {@code boot}, or how the memory of a restored one came
 * @param reason why by that plan, in one line for people
 * @param decision which policy wanted it and why; empty for an instance that no policy asked for
 * @param requestId of the first request that waited for this start
 * @param traceId of the trace that this request belongs to, if it says so
 * @param concurrentStarts starts in progress on this host when this one began, itself included
 * @param failure empty for a start that worked
 */
public record ColdStart(
    String id,
    String instance,
    String namespace,
    String service,
    String revision,
    String plan,
    String reason,
    String decision,
    Optional<String> requestId,
    Optional<String> traceId,
    Instant startedAt,
    Duration total,
    List<PhaseRecorder.Span> phases,
    int concurrentStarts,
    Optional<StartFailure> failure) {
  public ColdStart {
    phases = List.copyOf(phases);
  }

  /** What each phase took in all, in nanoseconds, in the order in which they began. */
  Map<Phase, Long> times() {
    var times = new LinkedHashMap<Phase, Long>();
    phases.forEach(span -> times.merge(span.phase(), span.durationNanos(), Long::sum));
    return times;
  }
}
