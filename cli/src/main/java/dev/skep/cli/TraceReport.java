package dev.skep.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/**
 * Shows the starts of one trace on one time line, from the arrival of its first request to the
 * answer that ended last. A start that came and went within another is below that one: its request
 * was sent while the other's was answered.
 */
final class TraceReport {
  private final Terminal terminal;
  private final List<Link> links;

  /** One start with the request that waited for it. */
  private record Link(Json start, Instant from, Instant to) {
    static Link of(Json start) {
      Instant from = Instant.parse(start.at("startedAt").text());
      return new Link(start, from, from.plusNanos(Times.nanos(start.at("total").text())));
    }

    boolean within(Link other) {
      return this != other && !from.isBefore(other.from) && !to.isAfter(other.to);
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
