package dev.skep.control;

import dev.skep.api.RevisionKey;
import java.util.List;
import java.util.Map;

/**
 * Which host names lead to which revisions.
 *
 * @param hosts lower-case host names without port; safe for use by several threads, and what it
 *     says may change
 * @param certificates of host names that have one of their own
 */
public record RouteTable(Map<String, Route> hosts, Map<String, ServerCertificate> certificates) {
  /**
   * Targets of one host name; their percents sum to 100 while all of its revisions are there.
   *
   * @param https where requests without TLS are sent instead, a URL without path; empty for nowhere
   */
  public record Route(List<Target> targets, String https, ByTag byTag) {
    public Route {
      targets = List.copyOf(targets);
    }

    /** Without tags. */
    public Route(List<Target> targets, String https) {
      this(targets, https, ByTag.OFF);
    }

    /** For requests with and without TLS. */
    public Route(List<Target> targets) {
      this(targets, "");
    }

    /** The same, but for requests without TLS. */
    public Route redirected(String to) {
      return new Route(targets, to, byTag);
    }
  }

  /** What the header {@code Knative-Serving-Tag} does to requests, and is to the function. */
  public sealed interface ByTag {
    ByTag OFF = new Off();
  }

  /** Nothing: no such header reaches a function. */
  public record Off() implements ByTag {}

  /** A route's own name: the header chooses one of its tags. */
  public record Chosen(Map<String, List<Target>> tags) implements ByTag {
    public Chosen {
      tags = Map.copyOf(tags);
    }
  }

  /** The name of a tag, which the header then says. */
  public record Given(String tag) implements ByTag {}

  /** A share of the traffic. */
  public record Target(RevisionKey revision, int percent) {}

  public RouteTable {
    certificates = Map.copyOf(certificates);
  }

  /** Without certificates. */
  public RouteTable(Map<String, Route> hosts) {
    this(hosts, Map.of());
  }
}
