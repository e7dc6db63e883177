package dev.skep.policy;

import dev.skep.policy.Decision.Reason;
import java.time.Instant;
import java.util.Optional;

/** Knative's policy, but never below what a timetable wants at that time of the week. */
public final class ScheduleScaler implements Scaler {
  private final Timetable timetable;
  private final ScalingSettings settings;
  private final KnativeScaler load;
  private Optional<Instant> again = Optional.empty();

  public ScheduleScaler(ScalingSettings settings, Timetable timetable) {
    this.settings = settings;
    this.timetable = timetable;
    this.load = new KnativeScaler(settings);
  }

  @Override
  public Decision decide(Observation seen) {
    Decision free = load.decide(seen);
    again = timetable.nextChange(seen.now());
    int planned = seen.reachable() ? timetable.at(seen.now()) : 0;
    int most = settings.bounds().max();
    int least = most > 0 ? Math.min(planned, most) : planned;
    return free.instances() >= least
        ? free
        : new Decision(least, Reason.PRE_WARM, "planned for now; " + free.why());
  }

  @Override
  public Optional<Instant> again() {
    return again;
  }
}
