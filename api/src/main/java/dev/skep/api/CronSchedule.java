package dev.skep.api;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.BitSet;
import java.util.Optional;

/**
 * When something recurs: five fields as in crontab(5), perhaps one of seconds before them, or
 * {@code @every 90s} and the other names that Go's {@code robfig/cron} (version 3) has, whose rules
 * these are. A day matches both of its fields where one is {@code *}, else any of them.
 */
public sealed interface CronSchedule {
  /** The first time after {@code after}; empty where there is none within five years. */
  Optional<Instant> next(Instant after, ZoneId zone);

  /** From one time to the next, however long the last took. */
  record Every(Duration period) implements CronSchedule {
    @Override
    public Optional<Instant> next(Instant after, ZoneId zone) {
      return Optional.of(after.plus(period).truncatedTo(ChronoUnit.SECONDS));
    }
  }

  /** Which values a field of a time may have. */
  record Field(BitSet values, boolean star) {
    boolean has(int value) {
      return values.get(value);
    }
  }

  /** By the calendar. */
  record Calendar(
      Field seconds, Field minutes, Field hours, Field days, Field months, Field weekdays)
      implements CronSchedule {
    private static final int YEARS = 5;

    @Override
    public Optional<Instant> next(Instant after, ZoneId zone) {
      ZonedDateTime at = after.atZone(zone).truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
      int last = at.getYear() + YEARS;
      while (at.getYear() <= last) {
        ZonedDateTime later = skip(at, zone);
        if (later.equals(at)) {
          return Optional.of(at.toInstant());
        }
        at = later;
      }
      return Optional.empty();
    }

    /** The same where it matches, else the next time that may. */
    private ZonedDateTime skip(ZonedDateTime at, ZoneId zone) {
      if (!months.has(at.getMonthValue())) {
        return at.toLocalDate().withDayOfMonth(1).plusMonths(1).atStartOfDay(zone);
      }
      if (!isDay(at)) {
        return at.toLocalDate().plusDays(1).atStartOfDay(zone);
      }
      if (!hours.has(at.getHour())) {
        return at.truncatedTo(ChronoUnit.HOURS).plusHours(1);
      }
      if (!minutes.has(at.getMinute())) {
        return at.truncatedTo(ChronoUnit.MINUTES).plusMinutes(1);
      }
      return seconds.has(at.getSecond()) ? at : at.plusSeconds(1);
    }

    private boolean isDay(ZonedDateTime at) {
      boolean ofMonth = days.has(at.getDayOfMonth());
      boolean ofWeek = weekdays.has(at.getDayOfWeek().getValue() % 7);
      return (days.star() || weekdays.star()) ? (ofMonth && ofWeek) : (ofMonth || ofWeek);
    }
  }

  /** Fails with IllegalArgumentException and what is wrong. */
  static CronSchedule parse(String text) {
    return CronParser.parse(text);
  }
}
