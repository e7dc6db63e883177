package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.RevisionKey;
import dev.skep.image.Images;
import dev.skep.store.ResourceKind;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knative's objects. What has one name is compared together: a Service, and the Configuration and
 * the Route that it has made or that a user has. Level-triggered: each looks at what the store says
 * and what runs, whatever made it look. It belongs to the control thread.
 */
final class Reconcilers implements RevisionObserver {
  private static final Logger LOG = LoggerFactory.getLogger(Reconcilers.class);
  private static final int SLICE = 50;

  private final Wiring wiring;
  private final Owners owners;
  private final StoreWriter writer;
  private final Addresses addresses;
  private final Routes routeTable = new Routes();
  private final Fleet fleet;
  private final Deployments deployments;
  private final RevisionReconciler revisions;
  private final ConfigurationReconciler configurations;
  private final RouteReconciler routes;
  private final ServiceReconciler services;
  private final DomainMappingReconciler domains;

  /** Routes whose next step is planned. */
  private final Set<ObjectName> rolling = new HashSet<>();

  Reconcilers(
      Wiring wiring, Owners owners, Images images, StoreWriter writer, FleetMaker makeFleet) {
    this.wiring = wiring;
    this.owners = owners;
    this.writer = writer;
    ControlSettings settings = wiring.settings();
    this.addresses =
        new Addresses(
            Naming.standard(settings.domain()), settings.gatewayPort(), settings.tlsPort());
    this.fleet = makeFleet.observedBy(this);
    this.deployments = new Deployments(wiring, images, fleet, this);
    this.revisions = new RevisionReconciler(wiring, owners, writer, fleet, deployments);
    this.configurations = new ConfigurationReconciler(wiring, owners, writer, revisions);
    this.routes =
        new RouteReconciler(
            wiring.clocks(),
            writer,
            addresses,
            routeTable,
            new PlaceholderReconciler(owners, writer, addresses),
            revisions,
            configurations);
    this.services = new ServiceReconciler(owners, writer, addresses);
    this.domains = new DomainMappingReconciler(owners, writer, addresses, routeTable);
  }

  /** Makes the fleet that tells this of its revisions. */
  interface FleetMaker {
    Fleet observedBy(RevisionObserver observer);
  }

  Fleet fleet() {
    return fleet;
  }

  /** Routes get other names, or other ways; false where all stays as it is. */
  boolean nameBy(Naming naming) {
    return addresses.become(naming);
  }

  void collectBy(RevisionGc rules) {
    configurations.collectBy(rules);
  }

  /** The revisions and routes of an earlier daemon, before its instances are adopted. */
  void restore() {
    reconcileRevisions();
    deployments.bind(fleet.revisions().stream().filter(Revision::isReady).toList());
    compareAll();
  }

  private List<ApiObject> list(ResourceKind kind) {
    return owners.store().list(kind, Optional.empty()).items();
  }

  private static RevisionKey key(ApiObject revision) {
    return new RevisionKey(revision.namespace(), revision.name());
  }

  /** Compares all there is. */
  void reconcileAll() {
    Set<RevisionKey> listed = reconcileRevisions();
    for (Revision revision : fleet.revisions()) {
      if (!listed.contains(revision.key())) {
        revisions.reconcile(revision.key(), Optional.empty());
      }
    }
    compareAll();
    fleet.revisions().forEach(fleet::scale);
  }

  private Set<RevisionKey> reconcileRevisions() {
    var keys = new HashSet<RevisionKey>();
    each(
        list(ResourceKind.REVISION),
        object -> {
          keys.add(key(object));
          revisions.reconcile(key(object), Optional.of(object));
        });
    return keys;
  }

  /** A defect with one must stop neither the others nor the start of the daemon. */
  private static <T> void each(Iterable<T> all, Consumer<T> compare) {
    for (T one : all) {
      try {
        compare.accept(one);
      } catch (RuntimeException defect) {
        LOG.error("{} is compared again at the next resync", one, defect);
      }
    }
  }

  /** What routes lead to first: no revision must lose its traffic until they are known. */
  private void compareAll() {
    Set<ObjectName> names = known();
    for (ResourceKind kind :
        List.of(ResourceKind.KNATIVE_SERVICE, ResourceKind.CONFIGURATION, ResourceKind.ROUTE)) {
      list(kind).forEach(object -> names.add(ObjectName.of(object)));
    }
    each(names, name -> configurations.reconcile(name, find(ResourceKind.CONFIGURATION, name)));
    var found = new HashMap<ObjectName, Optional<RouteStatus>>();
    each(names, name -> found.put(name, routes.reconcile(name, find(ResourceKind.ROUTE, name))));
    each(
        found.keySet(),
        name -> {
          tell(name, find(ResourceKind.CONFIGURATION, name));
          conclude(name, found.getOrDefault(name, Optional.empty()));
        });
    each(domains.inOrder(), domains::reconcile);
    routeTable.publish(wiring.dataPlane());
  }

  private Set<ObjectName> known() {
    var names = new HashSet<ObjectName>(services.names());
    names.addAll(configurations.names());
    names.addAll(routes.names());
    fleet.revisions().forEach(each -> names.add(each.identity.configurationName()));
    return names;
  }

  /** Compares what is known, a few at a time: requests must not wait for it. */
  void resync() {
    resync(List.copyOf(known()), this::resync);
    resync(List.copyOf(domains.names()), domains::reconcile);
  }

  private void resync(List<ObjectName> names, Consumer<ObjectName> one) {
    for (int from = 0; from < names.size(); from += SLICE) {
      List<ObjectName> slice = names.subList(from, Math.min(from + SLICE, names.size()));
      wiring
          .mailbox()
          .post(
              () -> {
                each(slice, one);
                routeTable.publish(wiring.dataPlane());
              });
    }
  }

  private void resync(ObjectName name) {
    for (Revision revision : revisions.of(name)) {
      revisions.reconcile(revision.key());
      fleet.scale(revision);
    }
    compare(name);
  }

  /**
   * An object of one of Knative's kinds, a placeholder or a Secret was made, changed or deleted.
   */
  void changed(ResourceKind kind, ApiObject object) {
    if (kind.equals(ResourceKind.DOMAIN_MAPPING)) {
      domains.reconcile(ObjectName.of(object));
    } else if (kind.equals(ResourceKind.SECRET)) {
      domains.secretChanged(ObjectName.of(object));
    } else {
      ofOneName(kind, object);
    }
    routeTable.publish(wiring.dataPlane());
  }

  private void ofOneName(ResourceKind kind, ApiObject object) {
    if (kind.equals(ResourceKind.REVISION)) {
      revisions.reconcile(key(object));
    }
    compare(unit(kind, object));
    if (kind.equals(ResourceKind.SERVICE)) {
      domains.targetChanged(ObjectName.of(object));
    }
  }

  /** Under which name it is compared. */
  static ObjectName unit(ResourceKind kind, ApiObject object) {
    String label =
        kind.equals(ResourceKind.REVISION)
            ? object.labels().getOrDefault(Keys.CONFIGURATION, "")
            : kind.equals(ResourceKind.SERVICE)
                ? object.labels().getOrDefault(Keys.ROUTE, "")
                : object.name();
    return new ObjectName(object.namespace(), label);
  }

  private void reconcile(ObjectName name) {
    compare(name);
    routeTable.publish(wiring.dataPlane());
  }

  private void compare(ObjectName name) {
    Optional<ApiObject> configuration = find(ResourceKind.CONFIGURATION, name);
    configurations.reconcile(name, configuration);
    tell(name, configuration);
    Set<ObjectName> depending = routes.dependingOn(name);
    depending.add(name);
    depending.forEach(this::compareRoute);
  }

  private void tell(ObjectName name, Optional<ApiObject> configuration) {
    revisions.of(name).forEach(routes::tell);
    configuration.ifPresent(configurations::report);
  }

  private void compareRoute(ObjectName name) {
    conclude(name, routes.reconcile(name, find(ResourceKind.ROUTE, name)));
  }

  /** What follows of a route, or of there being none. */
  private void conclude(ObjectName name, Optional<RouteStatus> route) {
    route.ifPresent(routes::report);
    route.filter(status -> status.rollout().inProgress()).ifPresent(this::goOn);
    services.reconcile(
        name, owners.find(ResourceKind.KNATIVE_SERVICE, name), configurations.view(name), route);
    domains.targetChanged(name);
  }

  /** With a rollout, at its next step. */
  private void goOn(RouteStatus status) {
    ObjectName name = ObjectName.of(status.route());
    if (rolling.add(name)) {
      wiring
          .mailbox()
          .after(
              Rollout.step(Rollout.lasting(status.route(), addresses.naming().rollout())),
              () -> {
                rolling.remove(name);
                reconcile(name);
              });
    }
  }

  /** One whose owner is gone is deleted and does not count. */
  private Optional<ApiObject> find(ResourceKind kind, ObjectName name) {
    Optional<ApiObject> there = owners.store().get(kind, name.namespace(), name.name());
    Optional<ApiObject> alive = there.filter(owners::isAlive);
    if (alive.isEmpty()) {
      there.ifPresent(object -> writer.delete(kind, name, object.uid()));
    }
    return alive;
  }

  @Override
  public void changed(Revision revision) {
    if (!revision.deleted && revisions.report(revision)) {
      reconcile(revision.identity.configurationName());
    }
  }

  @Override
  public void retry(Revision revision) {
    deployments.begin(revision);
  }
}
