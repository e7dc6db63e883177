package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.GoDuration;
import dev.skep.control.Traffic.Share;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * How the traffic of a target that follows a configuration moves to its new revision: at once, or
 * little by little where the annotation {@code rollout-duration} says how long; pure. Where it
 * stands can be read off the shares, so that a rollout goes on after a restart.
 *
 * @param shares as they are now
 * @param steppedAt when they were last moved
 * @param inProgress whether some are still to be moved
 */
record Rollout(List<Share> shares, Instant steppedAt, boolean inProgress) {
  static final Rollout NONE = new Rollout(List.of(), Instant.MIN, false);

  Rollout with(List<Share> others) {
    return new Rollout(others, steppedAt, inProgress);
  }

  /**
   * Of a route; zero for none.
   *
   * @param standard of routes that do not say it
   */
  static Duration lasting(ApiObject route, Duration standard) {
    String text = route.annotations().getOrDefault(Keys.ROLLOUT_DURATION, "");
    try {
      return text.isEmpty() ? standard : GoDuration.parse(text);
    } catch (IllegalArgumentException unreadable) {
      return Duration.ZERO;
    }
  }

  /** A hundredth of the whole, but not less than a second. */
  static Duration step(Duration lasting) {
    Duration step = lasting.dividedBy(100);
    return step.compareTo(Duration.ofSeconds(1)) < 0 ? Duration.ofSeconds(1) : step;
  }

  /** What comes after this on the way to the shares that are wanted. */
  Rollout next(List<Share> wanted, Duration lasting, Instant now) {
    double part =
        inProgress && !lasting.isZero()
            ? (double) Duration.between(steppedAt, now).toMillis() / lasting.toMillis()
            : 0;
    List<Share> after =
        wanted.stream().flatMap(share -> next(share, lasting, part).stream()).toList();
    boolean stands = inProgress && after.equals(shares);
    return new Rollout(after, stands ? steppedAt : now, after.size() > wanted.size());
  }

  private List<Share> next(Share wanted, Duration lasting, double part) {
    List<Share> olds =
        shares.stream()
            .filter(each -> each.latest() && wanted.latest() && each.tag().equals(wanted.tag()))
            .filter(each -> !each.revision().equals(wanted.revision()) && each.percent() > 0)
            .toList();
    if (olds.isEmpty() || lasting.isZero() || wanted.percent() <= 1) {
      return List.of(wanted);
    }
    int had =
        shares.stream()
            .filter(each -> each.latest() && each.tag().equals(wanted.tag()))
            .filter(each -> each.revision().equals(wanted.revision()))
            .mapToInt(Share::percent)
            .sum();
    int has = Math.min(wanted.percent(), Math.max(1, had + (int) (wanted.percent() * part)));
    var all = new ArrayList<Share>(shrunk(olds, wanted.percent() - has));
    all.add(new Share(wanted.tag(), wanted.revision(), true, has));
    return all;
  }

  /** The oldest give first. */
  private static List<Share> shrunk(List<Share> olds, int left) {
    var kept = new ArrayList<Share>();
    int still = left;
    for (Share old : olds.reversed()) {
      int percent = Math.min(still, old.percent());
      still -= percent;
      if (percent > 0) {
        kept.addFirst(new Share(old.tag(), old.revision(), true, percent));
      }
    }
    if (still > 0 && !kept.isEmpty()) {
      Share last = kept.removeLast();
      kept.addLast(new Share(last.tag(), last.revision(), true, last.percent() + still));
    }
    return kept;
  }
}
