package dev.skep.control;

import dev.skep.sandbox.StartFailure;
import dev.skep.telemetry.ColdStart;
import dev.skep.telemetry.ColdStarts;
import dev.skep.telemetry.RequestIds;
import java.time.Duration;
import java.util.Optional;

/** Turns starts that ended into cold-start records. */
final class StartRecords {
  private final Clocks clocks;
  private final ColdStarts coldStarts;

  StartRecords(Clocks clocks, ColdStarts coldStarts) {
    this.clocks = clocks;
    this.coldStarts = coldStarts;
  }

  void ended(Instance instance, Optional<StartFailure> failure) {
    instance.phases.finish();
    Revision.Identity revision = instance.revision.identity;
    Duration total = Duration.ofNanos(instance.phases.totalNanos());
    coldStarts.add(
        new ColdStart(
            instance.startId,
            instance.id,
            revision.key().namespace(),
            revision.service(),
            revision.key().name(),
            instance.planned.kind(),
            instance.planned.reason(),
            instance.decision,
            instance.request.map(RequestIds::request),
            instance.request.flatMap(RequestIds::trace),
            clocks.now().minus(total),
            total,
            instance.phases.spans(),
            instance.concurrentStarts,
            failure),
        instance.phases.originNanos());
  }
}
