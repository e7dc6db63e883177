package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.image.Images;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * From Service objects to revisions, routes and statuses. Level-triggered: it compares what the
 * store says with what it knows, whatever made it look. It belongs to the control thread.
 */
final class Services implements RevisionObserver {
  private static final ResourceKind KIND = ResourceKind.KNATIVE_SERVICE;

  private final Wiring wiring;
  private final ResourceStore store;
  private final StoreWriter writer;
  private final Addresses addresses;
  private final Routes routes;
  private final Fleet fleet;
  private final Deployments deployments;
  private final Map<ServiceState.Name, ServiceState> services = new HashMap<>();

  Services(
      Wiring wiring, ResourceStore store, Images images, StoreWriter writer, FleetMaker makeFleet) {
    this.wiring = wiring;
    this.store = store;
    this.writer = writer;
    this.addresses = new Addresses(wiring.settings().domain(), wiring.settings().gatewayPort());
    this.routes = new Routes(addresses);
    this.fleet = makeFleet.observedBy(this);
    this.deployments = new Deployments(wiring, images, fleet, this);
  }

  /** Makes the fleet that tells this of its revisions. */
  interface FleetMaker {
    Fleet observedBy(RevisionObserver observer);
  }

  Fleet fleet() {
    return fleet;
  }

  /** The Services and ready revisions of an earlier daemon, before its instances are adopted. */
  void restore() {
    for (ApiObject service : store.list(KIND, Optional.empty()).items()) {
      var state = new ServiceState(service);
      services.put(state.name, state);
    }
    for (ApiObject object : store.list(StoredRevisions.KIND, Optional.empty()).items()) {
      Revision revision = StoredRevisions.read(object, wiring.scaling(), wiring.clocks().now());
      ServiceState owner = services.get(nameOf(revision));
      if (owner != null && owner.uid.equals(revision.identity.serviceUid())) {
        owner.add(revision);
      } else {
        writer.noRevision(revision.key());
      }
    }
    services.values().forEach(this::restoreRevisions);
    deployments.bind(fleet.revisions().stream().filter(Revision::isReady).toList());
    routes.publish(wiring.dataPlane());
  }

  private void restoreRevisions(ServiceState service) {
    service.revisions.forEach(fleet::add);
    dropSuperseded(service);
    service.latestCreated().filter(latest -> !latest.isReady()).ifPresent(deployments::begin);
    routes.put(service);
  }

  /** Compares all. */
  void reconcileAll() {
    var gone = new HashSet<>(services.keySet());
    for (ApiObject object : store.list(KIND, Optional.empty()).items()) {
      var name = new ServiceState.Name(object.namespace(), object.name());
      gone.remove(name);
      reconcile(name, Optional.of(object));
    }
    gone.forEach(name -> reconcile(name, Optional.empty()));
    fleet.revisions().forEach(fleet::scale);
  }

  /** Compares one. */
  void reconcile(ServiceState.Name name) {
    reconcile(name, store.get(KIND, name.namespace(), name.name()));
  }

  private void reconcile(ServiceState.Name name, Optional<ApiObject> object) {
    ServiceState known = services.get(name);
    if (known != null && !object.map(ApiObject::uid).equals(Optional.of(known.uid))) {
      remove(known);
    }
    object.ifPresent(this::update);
    routes.publish(wiring.dataPlane());
  }

  private void update(ApiObject object) {
    var name = new ServiceState.Name(object.namespace(), object.name());
    ServiceState service = services.computeIfAbsent(name, _ -> new ServiceState(object));
    if (service.object.resourceVersion() != object.resourceVersion()) {
      service.object = object; // the same again would only grow old in place of the one that has
    }
    JsonNode template = object.spec().path("template");
    boolean isKnown =
        service
            .latestCreated()
            .filter(latest -> latest.identity.template().equals(template))
            .isPresent();
    if (isKnown) {
      service.rejected = Optional.empty();
    } else {
      createRevision(service, template);
    }
    routes.put(service);
    report(service);
  }

  private void createRevision(ServiceState service, JsonNode template) {
    try {
      Revision revision = service.next(template, wiring.scaling(), wiring.clocks().now());
      service.rejected = Optional.empty();
      service.add(revision);
      fleet.add(revision);
      write(revision);
      deployments.begin(revision);
      dropSuperseded(service);
    } catch (SkepException invalid) {
      service.rejected = Optional.of(invalid);
    }
  }

  /**
   * Only the latest revision and the latest ready one are of use. Older ones that were ready finish
   * what they have begun.
   */
  private void dropSuperseded(ServiceState service) {
    Optional<Revision> target = service.target();
    for (Revision revision : List.copyOf(service.revisions)) {
      boolean used =
          Optional.of(revision).equals(target)
              || Optional.of(revision).equals(service.latestCreated());
      if (!used && revision.isReady()) {
        revision.routed = false;
        fleet.scale(revision);
      } else if (!used) {
        forget(service, revision);
      }
    }
  }

  private void forget(ServiceState service, Revision revision) {
    service.revisions.remove(revision);
    fleet.remove(revision);
    writer.noRevision(revision.key());
  }

  private void remove(ServiceState service) {
    services.remove(service.name);
    routes.remove(service);
    routes.publish(wiring.dataPlane());
    StartFailure deleted =
        StartFailure.of(
            Reason.CANCELLED,
            "service %s/%s was deleted".formatted(service.name.namespace(), service.name.name()));
    for (Revision revision : List.copyOf(service.revisions)) {
      wiring.dataPlane().refuse(revision.key(), deleted);
      forget(service, revision);
    }
  }

  @Override
  public void changed(Revision revision) {
    RevisionReport report = RevisionReport.of(revision);
    if (report.equals(revision.reported)) {
      return;
    }
    revision.reported = report;
    write(revision);
    ServiceState service = services.get(nameOf(revision));
    if (service != null && service.revisions.contains(revision)) {
      dropSuperseded(service);
      routes.put(service);
      routes.publish(wiring.dataPlane());
      report(service);
    }
  }

  @Override
  public void unused(Revision revision) {
    ServiceState service = services.get(nameOf(revision));
    if (service != null && service.revisions.contains(revision)) {
      forget(service, revision);
    }
  }

  @Override
  public void retry(Revision revision) {
    deployments.begin(revision);
  }

  private void report(ServiceState service) {
    writer.serviceStatus(service.name, ServiceStatus.of(service, addresses));
  }

  private void write(Revision revision) {
    if (!revision.deleted) {
      writer.revision(StoredRevisions.object(revision.identity), StoredRevisions.status(revision));
    }
  }

  private static ServiceState.Name nameOf(Revision revision) {
    return new ServiceState.Name(revision.key().namespace(), revision.identity.service());
  }
}
