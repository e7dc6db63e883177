package dev.skep.control;

import dev.skep.api.RevisionKey;
import java.util.List;
import java.util.Map;

/**
 * Which host names lead to which revisions; immutable, replaced as a whole.
 *
 * @param hosts lower-case host names without port
 */
public record RouteTable(Map<String, Route> hosts) {
  /** Targets of one host name; their percents sum to 100 while all of its revisions are there. */
  public record Route(List<Target> targets) {
    public Route {
      targets = List.copyOf(targets);
    }
  }

  /** A share of the traffic. */
  public record Target(RevisionKey revision, int percent) {}

  public RouteTable {
    hosts = Map.copyOf(hosts);
  }
}
