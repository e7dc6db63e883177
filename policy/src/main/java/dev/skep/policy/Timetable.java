package dev.skep.policy;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How many instances are wanted at which time of the week, in UTC: {@code Mon-Fri 07:55-18:00 2;
 * Sat 10:00-12:00 1}. Without days an entry holds daily; one that ends before it begins ends on the
 * next day. Of entries that overlap the largest number counts.
 */
record Timetable(List<Entry> entries) {
  private static final Pattern ENTRY =
      Pattern.compile(
          "(?:([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? )?(\\d\\d:\\d\\d)-(\\d\\d:\\d\\d) (\\d{1,4})");

  /**
   * @param days on which it begins
   * @param until of the next day, if not after {@code from}
   */
  record Entry(Set<DayOfWeek> days, LocalTime from, LocalTime until, int instances) {
    private Stream<Span> spansBeginning(LocalDate day) {
      if (!days.contains(day.getDayOfWeek())) {
        return Stream.empty();
      }
      LocalDate last = until.isAfter(from) ? day : day.plusDays(1);
      return Stream.of(
          new Span(
              day.atTime(from).toInstant(ZoneOffset.UTC),
              last.atTime(until).toInstant(ZoneOffset.UTC),
              instances));
    }
  }

  private record Span(Instant from, Instant until, int instances) {
    boolean contains(Instant now) {
      return !now.isBefore(from) && now.isBefore(until);
    }
  }

  /** Fails with IllegalArgumentException. */
  static Timetable parse(String text) {
    return new Timetable(
        Arrays.stream(text.split(";", -1)).map(String::strip).map(Timetable::entry).toList());
  }

  private static Entry entry(String text) {
    Matcher parts = ENTRY.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException("entry: " + text);
    }
    try {
      return new Entry(
          days(parts.group(1), parts.group(2)),
          LocalTime.parse(parts.group(3)),
          LocalTime.parse(parts.group(4)),
          Integer.parseInt(parts.group(5)));
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("entry: " + text, e);
    }
  }

  private static Set<DayOfWeek> days(@Nullable String first, @Nullable String last) {
    if (first == null) {
      return EnumSet.allOf(DayOfWeek.class);
    }
    DayOfWeek from = day(first);
    DayOfWeek to = last == null ? from : day(last);
    var days = EnumSet.of(from);
    for (DayOfWeek day = from; day != to; day = day.plus(1)) {
      days.add(day.plus(1));
    }
    return days;
  }

  private static DayOfWeek day(String name) {
    return Arrays.stream(DayOfWeek.values())
        .filter(day -> day.name().startsWith(name.toUpperCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("day: " + name));
  }

  /** Instances wanted now. */
  int at(Instant now) {
    return around(now).filter(span -> span.contains(now)).mapToInt(Span::instances).max().orElse(0);
  }

  /** When that may be another number. */
  Optional<Instant> nextChange(Instant now) {
    return around(now)
        .flatMap(span -> Stream.of(span.from(), span.until()))
        .filter(change -> change.isAfter(now))
        .min(Instant::compareTo);
  }

  /** From yesterday, whose may last until today, to this day of the next week. */
  private Stream<Span> around(Instant now) {
    LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    return IntStream.rangeClosed(-1, 7)
        .boxed()
        .flatMap(
            offset ->
                entries.stream().flatMap(entry -> entry.spansBeginning(today.plusDays(offset))));
  }
}
