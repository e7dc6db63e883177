package dev.skep.api;

import dev.skep.api.CronSchedule.Field;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Reads schedules. */
final class CronParser {
  private static final String EVERY = "@every ";
  private static final Map<String, Integer> MONTHS =
      numbered(
          1, "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");
  private static final Map<String, Integer> WEEKDAYS =
      numbered(0, "sun", "mon", "tue", "wed", "thu", "fri", "sat");

  private CronParser() {}

  private static Map<String, Integer> numbered(int first, String... names) {
    List<String> all = List.of(names);
    return all.stream()
        .collect(Collectors.toUnmodifiableMap(name -> name, name -> first + all.indexOf(name)));
  }

  static CronSchedule parse(String text) {
    String schedule = text.strip();
    if (schedule.startsWith("@")) {
      return named(schedule);
    }
    List<String> fields = List.of(schedule.split("\\s+", -1));
    if (fields.size() < 5 || fields.size() > 6) {
      throw new IllegalArgumentException(
          "expected 5 to 6 fields, found %d: [%s]".formatted(fields.size(), schedule));
    }
    int first = fields.size() - 5;
    return new CronSchedule.Calendar(
        field(first == 0 ? "0" : fields.getFirst(), 0, 59, Map.of()),
        field(fields.get(first), 0, 59, Map.of()),
        field(fields.get(first + 1), 0, 23, Map.of()),
        field(fields.get(first + 2), 1, 31, Map.of()),
        field(fields.get(first + 3), 1, 12, MONTHS),
        field(fields.get(first + 4), 0, 6, WEEKDAYS));
  }

  private static CronSchedule named(String name) {
    if (name.startsWith(EVERY)) {
      Duration period = GoDuration.parse(name.substring(EVERY.length()).strip());
      Duration second = Duration.ofSeconds(1);
      return new CronSchedule.Every(period.compareTo(second) < 0 ? second : period);
    }
    return switch (name) {
      case "@yearly", "@annually" -> parse("0 0 1 1 *");
      case "@monthly" -> parse("0 0 1 * *");
      case "@weekly" -> parse("0 0 * * 0");
      case "@daily", "@midnight" -> parse("0 0 * * *");
      case "@hourly" -> parse("0 * * * *");
      default -> throw new IllegalArgumentException("unrecognized descriptor: " + name);
    };
  }

  private static Field field(String text, int least, int most, Map<String, Integer> names) {
    var values = new BitSet();
    boolean star = false;
    for (String part : text.split(",", -1)) {
      star |= range(part, least, most, names, values);
    }
    return new Field(values, star);
  }

  /** {@code *}, {@code 5}, {@code 1-5}, each with {@code /STEP}; tells whether it is all. */
  private static boolean range(
      String part, int least, int most, Map<String, Integer> names, BitSet values) {
    List<String> stepped = List.of(part.split("/", -1));
    List<String> ends = List.of(stepped.getFirst().split("-", -1));
    if (stepped.size() > 2 || ends.size() > 2) {
      throw new IllegalArgumentException("too many '/' or '-': " + part);
    }
    boolean all = stepped.getFirst().equals("*") || stepped.getFirst().equals("?");
    boolean open = all || (ends.size() == 1 && stepped.size() == 2);
    int step = stepped.size() == 2 ? number(stepped.getLast(), Map.of()) : 1;
    int from = all ? least : number(ends.getFirst(), names);
    int to = open ? most : number(ends.getLast(), names);
    if (from < least || to > most || from > to || step == 0) {
      throw new IllegalArgumentException(
          "%s: out of range (expected: %d to %d, ascending, in steps above 0)"
              .formatted(part, least, most));
    }
    for (int value = from; value <= to; value += step) {
      values.set(value);
    }
    return all && step == 1;
  }

  private static int number(String text, Map<String, Integer> names) {
    Integer named = names.get(text.toLowerCase(Locale.ROOT));
    if (named != null) {
      return named;
    }
    if (!text.matches("[0-9]{1,6}")) {
      throw new IllegalArgumentException("failed to parse int from '%s'".formatted(text));
    }
    return Integer.parseInt(text);
  }
}
