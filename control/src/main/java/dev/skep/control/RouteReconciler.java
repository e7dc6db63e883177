package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.RevisionKey;
import dev.skep.store.ResourceKind;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * From Routes to host names and shares of traffic, after Knative's {@code pkg/reconciler/route}. A
 * route whose spec comes to nothing stays where it was. It belongs to the control thread.
 */
final class RouteReconciler {
  private static final ResourceKind KIND = ResourceKind.ROUTE;

  /**
   * A route as it was when it was last compared.
   *
   * @param rollout shares that have its traffic
   * @param revisions that it leads to, or is to lead to
   * @param configurations that its spec names
   * @param tagged names of its tags
   */
  private record Known(
      Rollout rollout,
      Set<RevisionKey> revisions,
      Set<ObjectName> configurations,
      Set<ObjectName> tagged) {
    static final Known NOTHING = new Known(Rollout.NONE, Set.of(), Set.of(), Set.of());

    List<Traffic.Share> shares() {
      return rollout.shares();
    }
  }

  /** What targets may name. */
  private final class Namespace implements Traffic.Found {
    private final String namespace;

    private Namespace(String namespace) {
      this.namespace = namespace;
    }

    @Override
    public Optional<ConfigurationView> configuration(String name) {
      return configurations.view(new ObjectName(namespace, name));
    }

    @Override
    public Optional<Condition> revision(String name) {
      return revisions
          .find(new RevisionKey(namespace, name))
          .map(found -> found.isReady() ? Condition.TRUE : RevisionReport.of(found));
    }
  }

  private final Clocks clocks;
  private final StoreWriter writer;
  private final Addresses addresses;
  private final Routes routes;
  private final PlaceholderReconciler placeholders;
  private final RevisionReconciler revisions;
  private final ConfigurationReconciler configurations;
  private final Map<ObjectName, Known> known = new HashMap<>();
  private final References<RevisionKey> toRevisions = new References<>();
  private final References<ObjectName> toConfigurations = new References<>();

  RouteReconciler(
      Clocks clocks,
      StoreWriter writer,
      Addresses addresses,
      Routes routes,
      PlaceholderReconciler placeholders,
      RevisionReconciler revisions,
      ConfigurationReconciler configurations) {
    this.clocks = clocks;
    this.writer = writer;
    this.addresses = addresses;
    this.routes = routes;
    this.placeholders = placeholders;
    this.revisions = revisions;
    this.configurations = configurations;
  }

  Collection<ObjectName> names() {
    return List.copyOf(known.keySet());
  }

  /** The routes whose traffic depends on a configuration or one of its revisions. */
  Set<ObjectName> dependingOn(ObjectName configuration) {
    var names = new TreeSet<String>(toConfigurations.to(configuration));
    revisions.of(configuration).forEach(each -> names.addAll(toRevisions.to(each.key())));
    return names.stream()
        .map(name -> new ObjectName(configuration.namespace(), name))
        .collect(Collectors.toSet());
  }

  /** Names of the routes that lead to it. */
  Set<String> leadingTo(RevisionKey revision) {
    return toRevisions.to(revision);
  }

  /**
   * Compares one with its object, which is empty where there is none that counts.
   *
   * @return what it says of itself then
   */
  Optional<RouteStatus> reconcile(ObjectName name, Optional<ApiObject> object) {
    Known before = known.getOrDefault(name, Known.NOTHING);
    if (object.isEmpty()) {
      note(name, before, Known.NOTHING);
      known.remove(name);
      routes.remove(name);
      dropPlaceholders(name, before.tagged(), Set.of());
      placeholders.drop(name, name);
      return Optional.empty();
    }
    return Optional.of(compare(name, object.get(), before));
  }

  private RouteStatus compare(ObjectName name, ApiObject route, Known last) {
    var found = new Namespace(name.namespace());
    List<TrafficTarget> targets = TrafficTarget.all(route.spec().path("traffic"));
    Known before = last.shares().isEmpty() ? stored(name, route, last) : last;
    Traffic traffic = Traffic.resolve(targets, found);
    Rollout earlier = before.rollout().with(existing(before.shares(), found));
    Rollout rollout =
        traffic instanceof Traffic.Assigned(List<Traffic.Share> assigned)
            ? earlier.next(
                assigned, Rollout.lasting(route, addresses.naming().rollout()), clocks.now())
            : earlier;
    List<Traffic.Share> shares = rollout.shares();
    Set<String> tags = tags(shares);
    PlaceholderReconciler.Placed placed =
        shares.isEmpty() || route.isEnding()
            ? PlaceholderReconciler.Placed.NOTHING
            : placeholders.reconcile(route, tags);
    Set<ObjectName> tagged = tagged(name, tags);
    dropPlaceholders(name, before.tagged(), tagged);
    Known now =
        new Known(
            rollout, revisions(name, targets, shares), followed(name.namespace(), targets), tagged);
    note(name, last, now);
    known.put(name, now);
    List<Traffic.Share> led = shares.isEmpty() ? Traffic.waiting(targets, found) : shares;
    routes.put(name, hosts(route, led, placed.localTags()));
    return new RouteStatus(route, traffic, rollout, placed);
  }

  void report(RouteStatus status) {
    writer.status(KIND, status.route(), status.json(addresses));
  }

  /** An earlier daemon wrote down where its traffic went. */
  private Known stored(ObjectName name, ApiObject route, Known last) {
    List<Traffic.Share> shares = Traffic.shares(route.status().path("traffic"));
    return new Known(
        Rollout.NONE.with(shares),
        last.revisions(),
        last.configurations(),
        tagged(name, tags(shares)));
  }

  private static List<Traffic.Share> existing(List<Traffic.Share> shares, Traffic.Found found) {
    return shares.stream().filter(share -> found.revision(share.revision()).isPresent()).toList();
  }

  private static Set<String> tags(List<Traffic.Share> shares) {
    return shares.stream()
        .map(Traffic.Share::tag)
        .filter(tag -> !tag.isEmpty())
        .collect(Collectors.toSet());
  }

  private Set<ObjectName> tagged(ObjectName route, Set<String> tags) {
    return tags.stream().map(tag -> addresses.tagged(route, tag)).collect(Collectors.toSet());
  }

  private void dropPlaceholders(ObjectName route, Set<ObjectName> had, Set<ObjectName> has) {
    had.stream()
        .filter(name -> !has.contains(name))
        .forEach(name -> placeholders.drop(route, name));
  }

  private static Set<RevisionKey> revisions(
      ObjectName route, List<TrafficTarget> targets, List<Traffic.Share> shares) {
    return Stream.concat(
            targets.stream().map(TrafficTarget::revision),
            shares.stream().map(Traffic.Share::revision))
        .filter(name -> !name.isEmpty())
        .map(name -> new RevisionKey(route.namespace(), name))
        .collect(Collectors.toSet());
  }

  private static Set<ObjectName> followed(String namespace, List<TrafficTarget> targets) {
    return targets.stream()
        .map(TrafficTarget::configuration)
        .filter(name -> !name.isEmpty())
        .map(name -> new ObjectName(namespace, name))
        .collect(Collectors.toSet());
  }

  private void note(ObjectName name, Known before, Known now) {
    toConfigurations.replace(name.name(), before.configurations(), now.configurations());
    toRevisions.replace(name.name(), before.revisions(), now.revisions());
    var touched = new HashSet<RevisionKey>(before.revisions());
    touched.addAll(now.revisions());
    touched.forEach(key -> revisions.find(key).ifPresent(this::tell));
  }

  /** Tells a revision which routes lead to it. */
  void tell(Revision revision) {
    revisions.route(revision, leadingTo(revision.key()));
  }

  private Map<String, RouteTable.Route> hosts(
      ApiObject route, List<Traffic.Share> shares, Set<String> localTags) {
    var hosts = new HashMap<String, RouteTable.Route>();
    ObjectName name = ObjectName.of(route);
    boolean byHeader = addresses.naming().tagHeader();
    var tagged = new HashMap<String, List<RouteTable.Target>>();
    for (String tag : tags(shares)) {
      List<Traffic.Share> own = shares.stream().filter(each -> each.tag().equals(tag)).toList();
      List<RouteTable.Target> targets = Traffic.split(name.namespace(), own);
      RouteTable.ByTag byTag = byHeader ? new RouteTable.Given(tag) : RouteTable.ByTag.OFF;
      if (!targets.isEmpty()) {
        tagged.put(tag, targets);
      }
      lead(route, addresses.tagged(name, tag), localTags.contains(tag), targets, byTag, hosts);
    }
    List<RouteTable.Target> own = Traffic.split(name.namespace(), shares);
    if (!own.isEmpty()) {
      RouteTable.ByTag byTag = byHeader ? new RouteTable.Chosen(tagged) : RouteTable.ByTag.OFF;
      lead(route, name, Addresses.isLocal(route), own, byTag, hosts);
    }
    return hosts;
  }

  /** All names of a route, or of one of its tags; only those for the outside have TLS. */
  private void lead(
      ApiObject route,
      ObjectName name,
      boolean local,
      List<RouteTable.Target> targets,
      RouteTable.ByTag byTag,
      Map<String, RouteTable.Route> hosts) {
    var inside = new RouteTable.Route(targets, "", byTag);
    Addresses.insideNames(name).forEach(host -> hosts.put(host, inside));
    if (!local) {
      hosts.putIfAbsent(
          addresses.host(route, name, false).toLowerCase(Locale.ROOT),
          inside.redirected(addresses.redirect(route, name)));
    }
  }
}
