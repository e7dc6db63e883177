package dev.skep.cli;

import dev.skep.sandbox.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/**
 * Shows the starts of one trace on one time line, from the arrival of its first request to the
 * answer that ended last. A start that was waited for while another's function worked is below that
 * one: it is the function that called.
 */
final class TraceReport {
  private final Terminal terminal;
  private final List<Link> links;

  /** One start with the request that waited for it; from {@code exec} on its function worked. */
  private record Link(Json start, Instant from, Instant exec, Instant to) {
    static Link of(Json start) {
      Instant from = Instant.parse(start.at("startedAt").text());
      long exec =
          start.at("phases").items().stream()
              .filter(span -> span.at("phase").text().equals(Phase.EXEC.label()))
              .mapToLong(span -> span.at("startNanos").number())
              .findFirst()
              .orElse(0);
      Instant to = from.plusNanos(Times.nanos(start.at("total").text()));
      return new Link(start, from, from.plusNanos(exec), to);
    }

    /** Judged by its middle: the records' times of day may be some milliseconds apart. */
    boolean within(Link other) {
      Instant middle = from.plusNanos(nanos() / 2);
      return nanos() < other.nanos() && !middle.isBefore(other.exec) && !middle.isAfter(other.to);
    }

    long nanos() {
      return Duration.between(from, to).toNanos();
    }
  }

  /**
   * @param starts of the trace, at least one
   */
  TraceReport(Terminal terminal, List<Json> starts) {
    this.terminal = terminal;
    this.links = starts.stream().map(Link::of).sorted(Comparator.comparing(Link::from)).toList();
  }

  /** From the first arrival to the last answer. */
  long nanos() {
    Instant end = links.stream().map(Link::to).max(Comparator.naturalOrder()).orElseThrow();
    return Math.max(1, after(end));
  }

  Table table() {
    var table =
        new Table(terminal, "SERVICE", "INSTANCE", "PLAN", "AFTER", "TIME", "WHEN", "MOST OF IT");
    for (Link link : links) {
      long depth = links.stream().filter(link::within).count();
      table.row(
          "  ".repeat((int) depth) + link.start().at("service").text(),
          link.start().at("instance").text(),
          link.start().at("plan").text(),
          Times.precise(after(link.from())),
          Times.precise(link.nanos()),
          StartReport.bar(after(link.from()), link.nanos(), nanos()),
          StartReport.longest(link.start()));
    }
    return table;
  }

  private long after(Instant moment) {
    return Duration.between(links.getFirst().from(), moment).toNanos();
  }
}
