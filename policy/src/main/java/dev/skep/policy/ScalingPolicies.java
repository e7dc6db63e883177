package dev.skep.policy;

import dev.skep.api.SkepAnnotations;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** The policies that revisions of this host may choose, by name. Immutable. */
public final class ScalingPolicies {
  /** The annotation that names a policy. */
  public static final String CLASS = ScalingSettings.PREFIX + "class";

  /** Knative's own, for revisions that name none. */
  public static final String KNATIVE = "kpa.autoscaling.knative.dev";

  /** {@link ConcurrencyScaler}. */
  public static final String WAITING = "waiting.autoscaling.skep.dev";

  /** The same, for a fixed time after the last need: {@link SkepAnnotations#KEEP_ALIVE}. */
  public static final String KEEP_ALIVE = "keep-alive.autoscaling.skep.dev";

  /** {@link HistogramScaler}. */
  public static final String HISTOGRAM = "histogram.autoscaling.skep.dev";

  /**
   * {@link ScheduleScaler}, by the timetable of the annotation {@link SkepAnnotations#PRE_WARM}.
   */
  public static final String SCHEDULE = "schedule.autoscaling.skep.dev";

  /** As OpenWhisk, and as the baseline of most papers. */
  private static final Duration KEPT_BY_DEFAULT = Duration.ofMinutes(10);

  /** Those of this host alone. */
  public static final ScalingPolicies BUILT_IN =
      new ScalingPolicies(
          List.of(
              policy(KNATIVE, (settings, _) -> new KnativeScaler(settings)),
              policy(WAITING, (settings, _) -> new ConcurrencyScaler(settings)),
              policy(
                  KEEP_ALIVE,
                  (settings, notes) -> new ConcurrencyScaler(settings.keeping(kept(notes)))),
              policy(HISTOGRAM, (settings, _) -> new HistogramScaler(settings)),
              policy(
                  SCHEDULE, (settings, notes) -> new ScheduleScaler(settings, timetable(notes)))));

  private final Map<String, ScalingPolicy> byName = new LinkedHashMap<>();

  private ScalingPolicies(Collection<ScalingPolicy> policies) {
    policies.forEach(policy -> byName.putIfAbsent(policy.name(), policy));
  }

  private static ScalingPolicy policy(
      String name, BiFunction<ScalingSettings, Map<String, String>, Scaler> scaler) {
    return new ScalingPolicy() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Scaler scaler(ScalingSettings settings, Map<String, String> annotations) {
        return scaler.apply(settings, annotations);
      }
    };
  }

  private static Duration kept(Map<String, String> annotations) {
    return new TextValues(annotations, "", "annotation ")
        .time(SkepAnnotations.KEEP_ALIVE)
        .orElse(KEPT_BY_DEFAULT);
  }

  private static Timetable timetable(Map<String, String> annotations) {
    return new TextValues(annotations, "", "annotation ")
        .parsed(
            new String[] {SkepAnnotations.PRE_WARM},
            "entries such as 'Mon-Fri 07:55-18:00 2', in UTC, separated by ;",
            Timetable::parse)
        .orElse(new Timetable(List.of()));
  }

  /** These and more; of two with one name the first stays. */
  public ScalingPolicies and(Collection<? extends ScalingPolicy> more) {
    var all = new ArrayList<>(byName.values());
    all.addAll(more);
    return new ScalingPolicies(all);
  }

  /** Those of Skep first. */
  public List<String> names() {
    return List.copyOf(byName.keySet());
  }

  /**
   * The policy that annotations ask for.
   *
   * @throws SkepException INVALID where there is none of that name
   */
  public ScalingPolicy of(Map<String, String> annotations, AutoscalerConfig config) {
    String name = annotations.getOrDefault(CLASS, config.policy());
    ScalingPolicy found = byName.get(name);
    if (found == null) {
      throw new SkepException(
          Code.INVALID,
          "annotation %s: '%s' (expected: one of %s)"
              .formatted(CLASS, name, String.join(", ", byName.keySet())));
    }
    return found;
  }

  /**
   * The scaler of one revision: it never fails, but says what went wrong.
   *
   * @param containerConcurrency hard limit; 0 is none
   */
  public RevisionScaler scaler(
      Map<String, String> annotations, int containerConcurrency, AutoscalerConfig config) {
    var settings = ScalingSettings.of(annotations, containerConcurrency, config);
    var scaler = new RevisionScaler(settings);
    scaler.follow(() -> of(annotations, config), annotations);
    return scaler;
  }
}
