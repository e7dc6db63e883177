package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.RevisionKey;
import dev.skep.api.SkepException;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.store.ResourceKind;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From stored Revisions to those that the fleet runs, and back to their status. It belongs to the
 * control thread.
 */
final class RevisionReconciler {
  private static final Logger LOG = LoggerFactory.getLogger(RevisionReconciler.class);
  private static final ResourceKind KIND = ResourceKind.REVISION;

  private final Wiring wiring;
  private final Owners owners;
  private final StoreWriter writer;
  private final Fleet fleet;
  private final Deployments deployments;

  /** By the configurations that asked for them, and by their own names. */
  private final Map<ObjectName, TreeMap<String, Revision>> families = new HashMap<>();

  RevisionReconciler(
      Wiring wiring, Owners owners, StoreWriter writer, Fleet fleet, Deployments deployments) {
    this.wiring = wiring;
    this.owners = owners;
    this.writer = writer;
    this.fleet = fleet;
    this.deployments = deployments;
  }

  Optional<Revision> find(RevisionKey key) {
    return fleet.find(key);
  }

  Collection<Revision> of(ObjectName configuration) {
    return List.copyOf(families.getOrDefault(configuration, new TreeMap<>()).values());
  }

  /** Compares one with its object. */
  void reconcile(RevisionKey key) {
    reconcile(key, owners.store().get(KIND, key.namespace(), key.name()));
  }

  void reconcile(RevisionKey key, Optional<ApiObject> object) {
    Optional<ApiObject> alive = object.filter(owners::isAlive);
    fleet
        .find(key)
        .filter(known -> !alive.map(ApiObject::uid).equals(Optional.of(known.identity.uid())))
        .ifPresent(this::forget);
    if (object.isPresent() && alive.isEmpty()) {
      writer.delete(KIND, ObjectName.of(object.get()), object.get().uid());
    }
    alive.ifPresent(
        found -> fleet.find(key).ifPresentOrElse(known -> refresh(known, found), () -> add(found)));
  }

  private void add(ApiObject object) {
    try {
      Revision revision = RevisionObjects.read(object, wiring.scaling(), wiring.clocks().now());
      join(revision);
      revision.routed = revision.routing.isReachable();
      fleet.add(revision);
      report(revision, object);
    } catch (SkepException invalid) {
      LOG.error("revision {} can't run: {}", ObjectName.of(object), invalid.getMessage());
    }
  }

  private void join(Revision revision) {
    families
        .computeIfAbsent(revision.identity.configurationName(), _ -> new TreeMap<>())
        .put(revision.key().name(), revision);
  }

  private void leave(Revision revision) {
    ObjectName configuration = revision.identity.configurationName();
    Map<String, Revision> family = Objects.requireNonNull(families.get(configuration));
    family.remove(revision.key().name());
    if (family.isEmpty()) {
      families.remove(configuration);
    }
  }

  /** What of it may change although it stays the same revision. */
  private void refresh(Revision revision, ApiObject object) {
    leave(revision);
    revision.identity = RevisionObjects.identity(object);
    join(revision);
    revision.gc = RevisionGc.Candidate.of(object, wiring.clocks().now());
    revision.routing = Routing.of(object);
    report(revision, object);
  }

  /** Notes which routes lead to it. */
  void route(Revision revision, Collection<String> routes) {
    Routing next = revision.routing.next(routes, revision.newest);
    if (!next.equals(revision.routing)) {
      revision.routing = next;
      Instant now = wiring.clocks().now();
      revision.gc = revision.gc.activeAt(now);
      writer.change(KIND, name(revision), object -> next.in(object, now));
    }
    boolean routed = next.isReachable();
    if (routed != revision.routed) {
      revision.routed = routed;
      fleet.scale(revision);
    }
    if (routed && !revision.isReady()) {
      deploy(revision);
    }
  }

  /** From its image on, where nobody works on that already. */
  private void deploy(Revision revision) {
    if (!revision.begun) {
      deployments.begin(revision);
    } else if (revision.deployment instanceof Deployment.Failed) {
      fleet.retryLater(revision);
    }
  }

  /** Writes its status down, and tells whether it says something new. */
  boolean report(Revision revision) {
    if (RevisionReport.of(revision).equals(revision.reported)) {
      return false;
    }
    owners
        .store()
        .get(KIND, revision.key().namespace(), revision.key().name())
        .ifPresent(object -> report(revision, object));
    return true;
  }

  private void report(Revision revision, ApiObject object) {
    revision.reported = RevisionReport.of(revision);
    writer.status(KIND, object, RevisionStatus.of(revision, object));
  }

  /** Deletes it: nobody needs it any more. */
  void collect(Revision revision) {
    LOG.info("revision {} has had no traffic for long and is deleted", revision.key());
    writer.delete(KIND, name(revision), revision.identity.uid());
  }

  private void forget(Revision revision) {
    leave(revision);
    wiring
        .dataPlane()
        .refuse(
            revision.key(),
            StartFailure.of(Reason.CANCELLED, "revision %s was deleted".formatted(revision.key())));
    fleet.remove(revision);
  }

  static ObjectName name(Revision revision) {
    return new ObjectName(revision.key().namespace(), revision.key().name());
  }
}
