package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.RevisionKey;
import dev.skep.api.RevisionSpec;
import dev.skep.api.ServiceTemplates;
import dev.skep.api.SkepException;
import dev.skep.policy.RevisionScaler;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** One Service and its revisions, oldest first. It belongs to the control thread. */
final class ServiceState {
  /** Where a Service is found. */
  record Name(String namespace, String name) {}

  final Name name;
  final String uid;
  final List<Revision> revisions = new ArrayList<>();
  ApiObject object;

  /** Why its newest template could not become a revision. */
  Optional<SkepException> rejected = Optional.empty();

  ServiceState(ApiObject object) {
    this.name = new Name(object.namespace(), object.name());
    this.uid = object.uid();
    this.object = object;
  }

  void add(Revision revision) {
    revisions.add(revision);
    revisions.sort(Comparator.comparingLong(each -> each.identity.number()));
  }

  /** The revision that a new template asks for; fails with INVALID. */
  Revision next(JsonNode template, Scaling scaling, Instant now) {
    long number = latestCreated().map(latest -> latest.identity.number() + 1).orElse(1L);
    String own = template.path("metadata").path("name").asString("");
    String revision = own.isEmpty() ? "%s-%05d".formatted(name.name(), number) : own;
    if (revisions.stream().anyMatch(other -> other.key().name().equals(revision))) {
      throw new SkepException(
          SkepException.Code.CONFLICT,
          "the revision name \"%s\" is taken by a conflicting Revision".formatted(revision));
    }
    var identity =
        new Revision.Identity(
            new RevisionKey(name.namespace(), revision), name.name(), uid, number, template);
    RevisionSpec spec = ServiceTemplates.revision(object);
    RevisionScaler scaler = scaling.scaler(spec);
    if (scaler.problem().isPresent()) {
      throw new SkepException(SkepException.Code.INVALID, scaler.problem().get());
    }
    return new Revision(identity, spec, scaler, now);
  }

  Optional<Revision> latestCreated() {
    return revisions.isEmpty() ? Optional.empty() : Optional.of(revisions.getLast());
  }

  Optional<Revision> latestReady() {
    return revisions.reversed().stream().filter(Revision::isReady).findFirst();
  }

  /**
   * Where its traffic goes: the latest ready revision. Before there is one, the latest: its
   * requests wait for the deployment and learn why it failed.
   */
  Optional<Revision> target() {
    return latestReady().or(this::latestCreated);
  }
}
