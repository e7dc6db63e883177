package dev.skep.control;

import dev.skep.api.RevisionKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * What the targets of a route come to, after Knative's {@code pkg/reconciler/route/traffic}; pure.
 */
sealed interface Traffic {
  /** Each target leads to a revision. */
  record Assigned(List<Share> shares) implements Traffic {}

  /** Some target does not. */
  record Unassigned(Condition why) implements Traffic {}

  /** A target that leads to a revision. */
  record Share(String tag, String revision, boolean latest, int percent) {}

  /** What there is in the route's namespace. */
  interface Found {
    Optional<ConfigurationView> configuration(String name);

    /** True for one that was ready once. */
    Optional<Condition> revision(String name);
  }

  static Traffic resolve(List<TrafficTarget> targets, Found found) {
    var shares = new ArrayList<Share>();
    Optional<Condition> problem = Optional.empty();
    for (TrafficTarget target : targets) {
      Optional<Condition> here = problem(target, found);
      if (here.isEmpty()) {
        add(shares, share(target, revision(target, found, false)));
      } else if (problem.isEmpty() || here.get().isFalse()) {
        problem = here;
      }
    }
    return problem.<Traffic>map(Unassigned::new).orElseGet(() -> new Assigned(shares));
  }

  /** Where requests wait while targets have not been ready yet; none where one does not exist. */
  static List<Share> waiting(List<TrafficTarget> targets, Found found) {
    var shares = new ArrayList<Share>();
    for (TrafficTarget target : targets) {
      String revision = revision(target, found, true);
      if (revision.isEmpty() || found.revision(revision).isEmpty()) {
        return List.of();
      }
      add(shares, share(target, revision));
    }
    return shares;
  }

  /** Reads what a status tells. */
  static List<Share> shares(JsonNode traffic) {
    return TrafficTarget.all(traffic).stream()
        .map(target -> share(target, target.revision()))
        .toList();
  }

  private static Share share(TrafficTarget target, String revision) {
    return new Share(target.tag(), revision, target.latest(), target.percent());
  }

  private static String revision(TrafficTarget target, Found found, boolean evenUnready) {
    return target.revision().isEmpty()
        ? found
            .configuration(target.configuration())
            .map(view -> view.ready().isEmpty() && evenUnready ? view.created() : view.ready())
            .orElse("")
        : target.revision();
  }

  private static Optional<Condition> problem(TrafficTarget target, Found found) {
    return target.revision().isEmpty()
        ? configurationProblem(target.configuration(), found)
        : revisionProblem(target.revision(), found);
  }

  private static Optional<Condition> configurationProblem(String name, Found found) {
    Optional<ConfigurationView> view = found.configuration(name);
    if (view.isEmpty()) {
      return Optional.of(missing("Configuration", name));
    }
    if (!view.get().ready().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        view.get().condition().isFalse()
            ? Condition.no(
                "RevisionMissing",
                "Configuration \"%s\" does not have any ready Revision.".formatted(name))
            : Condition.unknown(
                "RevisionMissing",
                "Configuration \"%s\" is waiting for a Revision to become ready.".formatted(name)));
  }

  private static Optional<Condition> revisionProblem(String name, Found found) {
    Optional<Condition> ready = found.revision(name);
    if (ready.isEmpty()) {
      return Optional.of(missing("Revision", name));
    }
    if (ready.get().isTrue()) {
      return Optional.empty();
    }
    return Optional.of(
        ready.get().isFalse()
            ? Condition.no(
                "RevisionMissing", "Revision \"%s\" failed to become ready.".formatted(name))
            : Condition.unknown(
                "RevisionMissing", "Revision \"%s\" is not yet ready.".formatted(name)));
  }

  private static Condition missing(String kind, String name) {
    return Condition.no(
        kind + "Missing", "%s \"%s\" referenced in traffic not found.".formatted(kind, name));
  }

  /** Shares that differ in their percent alone are one. */
  private static void add(List<Share> shares, Share share) {
    for (int i = 0; i < shares.size(); i++) {
      Share other = shares.get(i);
      var sum =
          new Share(
              other.tag(), other.revision(), other.latest(), other.percent() + share.percent());
      if (new Share(share.tag(), share.revision(), share.latest(), sum.percent()).equals(sum)) {
        shares.set(i, sum);
        return;
      }
    }
    shares.add(share);
  }

  /** Of requests to the route's own host name. One revision alone gets all of them. */
  static List<RouteTable.Target> split(String namespace, List<Share> shares) {
    var percents = new LinkedHashMap<String, Integer>();
    shares.forEach(share -> percents.merge(share.revision(), share.percent(), Integer::sum));
    if (percents.size() == 1) {
      return List.of(target(namespace, percents.firstEntry().getKey(), 100));
    }
    return percents.entrySet().stream()
        .filter(entry -> entry.getValue() > 0)
        .map(entry -> target(namespace, entry.getKey(), entry.getValue()))
        .toList();
  }

  private static RouteTable.Target target(String namespace, String revision, int percent) {
    return new RouteTable.Target(new RevisionKey(namespace, revision), percent);
  }
}
