package dev.skep.policy;

import dev.skep.api.SkepAnnotations;
import dev.skep.api.SkepException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * When a snapshot of a revision is taken and how its instances are restored: what the revision's
 * {@code skep.dev/} annotations ask for.
 *
 * @param answersBefore after how many answers of an instance it is snapshotted; empty for never,
 *     and then none is used either: who wants no clones gets none
 * @param restore plan that is forced, or AUTO
 */
public record SnapshotPolicy(OptionalInt answersBefore, Restore restore) {
  /**
   * Faults after the install, as a share of the set, from which on the set no longer describes what
   * a start needs (REAP, ASPLOS'21, 7.1).
   */
  private static final double STALE_SHARE = 0.30;

  /**
   * Up to which prefetch may be slower than reap and still be chosen: its clones share the pages
   * that they only read, and no pager has to live for them.
   */
  private static final double SHARING_IS_WORTH = 1.10;

  /** What may be asked for; the names are those of {@link SkepAnnotations#PLANS}. */
  public enum Restore {
    AUTO,
    BOOT,
    FILE,
    PREFETCH,
    LAZY,
    REAP
  }

  /** How a start gets its memory. */
  public enum Plan {
    /** From nothing: no snapshot is used. */
    BOOT,
    /** Restored; the kernel reads pages from the memory file as they are touched. */
    FILE,
    /** As FILE, with the recorded set read ahead into the page cache. */
    PREFETCH,
    /** Restored; the pager serves pages one by one as they are touched. */
    LAZY,
    /** Restored; the pager installs the recorded set first, then serves what is left. */
    REAP,
    /** As REAP, of a snapshot of another host: what is left comes from object storage meanwhile. */
    REMOTE
  }

  /** What there is to restore from. */
  public sealed interface Source {
    record Absent() implements Source {}

    /**
     * A snapshot without a working set.
     *
     * @param mayRecord whether this start may be the one that records it
     */
    record Ready(boolean mayRecord) implements Source {}

    /**
     * A snapshot with a working set.
     *
     * @param pages in the set
     */
    record Recorded(int pages) implements Source {}

    /**
     * A snapshot of another host, some of whose memory is still in object storage: only the pager
     * can have it fetched.
     *
     * @param pages in its set, if it has one
     * @param mayRecord as in {@link Ready}
     */
    record Remote(OptionalInt pages, boolean mayRecord) implements Source {}
  }

  /**
   * What restores take here.
   *
   * @param pagerUsable whether there can be a pager
   * @param measured empty until this host was calibrated
   */
  public record Host(boolean pagerUsable, Optional<Measured> measured) {}

  /** Time until a cold set of the same size was in memory, by either plan. */
  public record Measured(Duration prefetch, Duration reap) {
    boolean prefersPrefetch() {
      return prefetch.toNanos() <= SHARING_IS_WORTH * reap.toNanos();
    }
  }

  /**
   * What a start is to do.
   *
   * @param records whether it records the working set: LAZY only
   * @param reason one line for people
   */
  public record Choice(Plan plan, boolean records, String reason) {}

  /** None is taken, none restored. */
  public static final SnapshotPolicy NEVER = new SnapshotPolicy(OptionalInt.empty(), Restore.AUTO);

  /** Snapshot after the first answer, best plan. */
  public static final SnapshotPolicy DEFAULT = new SnapshotPolicy(OptionalInt.of(1), Restore.AUTO);

  /**
   * Reads the annotations of a revision's template.
   *
   * @throws SkepException INVALID, naming annotation, value and what was expected
   */
  public static SnapshotPolicy of(Map<String, String> annotations) {
    String snapshot = annotations.getOrDefault(SkepAnnotations.SNAPSHOT, "auto");
    String restore = annotations.getOrDefault(SkepAnnotations.RESTORE, "auto");
    if (!SkepAnnotations.PLANS.contains(restore)) {
      throw invalid(
          SkepAnnotations.RESTORE,
          restore,
          "expected one of " + String.join(", ", SkepAnnotations.PLANS));
    }
    try {
      return new SnapshotPolicy(
          SkepAnnotations.answersBefore(snapshot),
          Restore.valueOf(restore.toUpperCase(Locale.ROOT)));
    } catch (IllegalArgumentException e) {
      throw invalid(SkepAnnotations.SNAPSHOT, snapshot, String.valueOf(e.getMessage()));
    }
  }

  private static SkepException invalid(String name, String value, String expected) {
    return new SkepException(
        SkepException.Code.INVALID, "annotation %s: '%s' (%s)".formatted(name, value, expected));
  }

  /**
   * Whether an instance is to be snapshotted now. Not if nothing would be restored from it.
   *
   * @param answers that the instance has given
   */
  public boolean wantsSnapshot(long answers, Source source) {
    return source instanceof Source.Absent
        && restore != Restore.BOOT
        && answersBefore.isPresent()
        && answers >= answersBefore.getAsInt();
  }

  /** The plan of a start; one that was asked for and cannot be had gives way to the next best. */
  public Choice choose(Source source, Host host) {
    if (answersBefore.isEmpty()) {
      return restoreNothing(
          "snapshots are off (%s: never, or a template that asks for its instance's name or uid)"
              .formatted(SkepAnnotations.SNAPSHOT));
    }
    if (restore == Restore.BOOT) {
      return restoreNothing(asked());
    }
    return switch (source) {
      case Source.Absent() -> restoreNothing("there is no snapshot yet");
      case Source.Ready(boolean mayRecord) -> withoutSet(mayRecord, host.pagerUsable());
      case Source.Recorded(int pages) -> withSet(pages, host);
      case Source.Remote(OptionalInt pages, boolean mayRecord) ->
          host.pagerUsable()
              ? fromRemote(pages, mayRecord)
              : restoreNothing(
                  "the snapshot's memory is still remote, and there is no usable pager");
    };
  }

  /** Whether a start may be restored at all, so that it is worth looking for a snapshot. */
  public boolean restores() {
    return answersBefore.isPresent() && restore != Restore.BOOT;
  }

  private Choice fromRemote(OptionalInt pages, boolean mayRecord) {
    if (pages.isEmpty()) {
      String reason = mayRecord ? ", and its working set is recorded" : "";
      return new Choice(
          Plan.LAZY, mayRecord, "the memory comes from the remote store when touched" + reason);
    }
    return restore == Restore.LAZY
        ? new Choice(Plan.LAZY, false, asked())
        : new Choice(
            Plan.REMOTE,
            false,
            String.format(
                Locale.ROOT,
                "recorded set of %,d pages: installed first; the rest comes from the remote store",
                pages.getAsInt()));
  }

  private static Choice restoreNothing(String reason) {
    return new Choice(Plan.BOOT, false, reason);
  }

  private Choice withoutSet(boolean mayRecord, boolean pagerUsable) {
    if (restore == Restore.FILE) {
      return new Choice(Plan.FILE, false, asked());
    }
    if (!pagerUsable) {
      return fromFile("no recorded set and no usable pager");
    }
    if (mayRecord) {
      return new Choice(
          Plan.LAZY, true, "first restore of this snapshot: its working set is recorded");
    }
    return restore == Restore.LAZY
        ? new Choice(Plan.LAZY, false, asked())
        : fromFile("another restore is recording the set");
  }

  private static Choice fromFile(String reason) {
    return new Choice(Plan.FILE, false, reason + ": pages are read from the file when touched");
  }

  private Choice withSet(int pages, Host host) {
    if (restore == Restore.FILE) {
      return new Choice(Plan.FILE, false, asked());
    }
    String set = String.format(Locale.ROOT, "recorded set of %,d pages", pages);
    if (restore == Restore.PREFETCH) {
      return new Choice(Plan.PREFETCH, false, set + ": read ahead, as asked for");
    }
    if (!host.pagerUsable()) {
      return new Choice(Plan.PREFETCH, false, set + ": read ahead, for there is no usable pager");
    }
    return switch (restore) {
      case LAZY -> new Choice(Plan.LAZY, false, asked());
      case REAP -> new Choice(Plan.REAP, false, set + ": installed first, as asked for");
      default -> faster(set, host.measured());
    };
  }

  private static Choice faster(String set, Optional<Measured> measured) {
    if (measured.isEmpty()) {
      return new Choice(Plan.REAP, false, set + ": installed first");
    }
    Duration prefetch = measured.get().prefetch();
    Duration reap = measured.get().reap();
    return measured.get().prefersPrefetch()
        ? new Choice(
            Plan.PREFETCH,
            false,
            "%s: read ahead, and clones share it (calibration: %s; installing %s)"
                .formatted(set, millis(prefetch), millis(reap)))
        : new Choice(
            Plan.REAP,
            false,
            "%s: installed first (calibration: %s; reading ahead %s)"
                .formatted(set, millis(reap), millis(prefetch)));
  }

  private static String millis(Duration time) {
    return String.format(Locale.ROOT, "%.1f ms", time.toNanos() / 1e6);
  }

  private String asked() {
    return "asked for (%s: %s)"
        .formatted(SkepAnnotations.RESTORE, restore.name().toLowerCase(Locale.ROOT));
  }

  /**
   * Whether a set is to be given up and recorded anew.
   *
   * @param faults pages that a restored guest touched after the set was installed
   * @param pages in the set
   */
  public static boolean isStale(long faults, int pages) {
    return faults > STALE_SHARE * pages;
  }
}
