package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.RevisionKey;
import dev.skep.api.SkepException;
import dev.skep.store.ResourceKind;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * From Configurations to Revisions, after Knative's {@code pkg/reconciler/configuration}. It
 * belongs to the control thread.
 */
final class ConfigurationReconciler {
  private static final ResourceKind KIND = ResourceKind.CONFIGURATION;

  /** What became of the newest template. */
  private sealed interface Newest {
    record Made(Revision revision) implements Newest {}

    /** It is being written, or what has its name is being deleted. */
    record Pending() implements Newest {}

    record Refused(Condition why, String taken) implements Newest {}
  }

  private final Wiring wiring;
  private final Owners owners;
  private final StoreWriter writer;
  private final RevisionReconciler revisions;
  private final Map<ObjectName, ConfigurationView> views = new HashMap<>();
  private RevisionGc gc = RevisionGc.DEFAULTS;

  ConfigurationReconciler(
      Wiring wiring, Owners owners, StoreWriter writer, RevisionReconciler revisions) {
    this.wiring = wiring;
    this.owners = owners;
    this.writer = writer;
    this.revisions = revisions;
  }

  void collectBy(RevisionGc rules) {
    gc = rules;
  }

  /** As it was when it was last compared; empty where there is none. */
  Optional<ConfigurationView> view(ObjectName name) {
    return Optional.ofNullable(views.get(name));
  }

  Collection<ObjectName> names() {
    return List.copyOf(views.keySet());
  }

  /** Compares one with its object, which is empty where there is none that counts. */
  void reconcile(ObjectName name, Optional<ApiObject> object) {
    if (object.isEmpty()) {
      views.remove(name);
      revisions.of(name).forEach(each -> revisions.reconcile(each.key()));
      return;
    }
    ApiObject configuration = object.get();
    Newest newest = adopt(configuration) ? new Newest.Pending() : newest(configuration);
    ConfigurationView view = view(configuration, newest);
    views.put(name, view);
    if (newest instanceof Newest.Made(Revision made)) {
      revisions.of(name).forEach(each -> each.newest = each == made);
    }
    collect(name, view);
  }

  /** Tells what it has found, after its routes were compared. */
  void report(ApiObject configuration) {
    view(ObjectName.of(configuration))
        .ifPresent(
            view -> writer.status(KIND, configuration, view.status(configuration.generation())));
  }

  private Newest newest(ApiObject configuration) {
    String own = configuration.spec().at("/template/metadata/name").asString("");
    return own.isEmpty() ? numbered(configuration) : named(configuration, own);
  }

  private Newest numbered(ApiObject configuration) {
    Collection<Revision> family = revisions.of(ObjectName.of(configuration));
    return family.stream()
        .filter(each -> isOf(configuration, each))
        .filter(each -> each.identity.generation() == configuration.generation())
        .findFirst()
        .<Newest>map(Newest.Made::new)
        .orElseGet(() -> create(configuration, freeName(configuration, family)));
  }

  /** The number is the generation's, unless revisions of an earlier Skep have had it. */
  private static String freeName(ApiObject configuration, Collection<Revision> family) {
    List<String> taken = family.stream().map(each -> each.key().name()).toList();
    for (long number = configuration.generation(); ; number++) {
      String name = "%s-%05d".formatted(configuration.name(), number);
      if (!taken.contains(name)) {
        return name;
      }
    }
  }

  private Newest named(ApiObject configuration, String name) {
    var key = new RevisionKey(configuration.namespace(), name);
    Optional<Revision> there = revisions.find(key);
    if (there.isEmpty()) {
      return create(configuration, name);
    }
    Revision revision = there.get();
    boolean same =
        isOf(configuration, revision)
            && (revision.identity.generation() == configuration.generation()
                || specOf(key).equals(Optional.of(configuration.spec().at("/template/spec"))));
    return same ? new Newest.Made(revision) : taken(name);
  }

  private static boolean isOf(ApiObject configuration, Revision revision) {
    return revision.identity.configurationUid().equals(configuration.uid());
  }

  private Optional<JsonNode> specOf(RevisionKey key) {
    return owners
        .store()
        .get(ResourceKind.REVISION, key.namespace(), key.name())
        .map(ApiObject::spec);
  }

  private static Newest taken(String name) {
    String message = "revisions.serving.knative.dev \"%s\" already exists".formatted(name);
    return new Newest.Refused(creationFailed(message), name);
  }

  private static Condition creationFailed(String message) {
    return Condition.no(
        "RevisionFailed", "Revision creation failed with message: %s.".formatted(message));
  }

  private Newest create(ApiObject configuration, String name) {
    if (owners.store().get(ResourceKind.REVISION, configuration.namespace(), name).isPresent()) {
      return met(configuration, new RevisionKey(configuration.namespace(), name));
    }
    Instant now = wiring.clocks().now();
    ApiObject object = RevisionObjects.make(configuration, name, now);
    try {
      wiring.scaling().check(RevisionObjects.read(object, wiring.scaling(), now).spec);
    } catch (SkepException invalid) {
      return new Newest.Refused(creationFailed(String.valueOf(invalid.getMessage())), "");
    }
    if (!configuration.isEnding()) {
      writer.create(ResourceKind.REVISION, object);
    }
    return new Newest.Pending();
  }

  /** It was stored, but not seen yet; or it is an earlier configuration's, and about to go. */
  private Newest met(ApiObject configuration, RevisionKey key) {
    revisions.reconcile(key);
    return revisions
        .find(key)
        .filter(each -> isOf(configuration, each))
        .<Newest>map(Newest.Made::new)
        .orElseGet(Newest.Pending::new);
  }

  private ConfigurationView view(ApiObject configuration, Newest newest) {
    Collection<Revision> family = revisions.of(ObjectName.of(configuration));
    Optional<Revision> made =
        newest instanceof Newest.Made(Revision revision) ? Optional.of(revision) : Optional.empty();
    Optional<Revision> created = made.or(() -> latest(family.stream()));
    Optional<Revision> ready =
        made.filter(Revision::isReady).or(() -> latest(family.stream().filter(Revision::isReady)));
    Condition condition =
        switch (newest) {
          case Newest.Made(Revision revision) -> condition(revision);
          case Newest.Pending() -> Condition.UNKNOWN;
          case Newest.Refused(Condition why, _) -> why;
        };
    return new ConfigurationView(
        configuration.name(),
        nameOf(created),
        nameOf(ready),
        condition,
        newest instanceof Newest.Refused(_, String taken) ? taken : "");
  }

  private static Optional<Revision> latest(Stream<Revision> revisions) {
    return revisions.max(Comparator.comparingLong(each -> each.identity.generation()));
  }

  private static String nameOf(Optional<Revision> revision) {
    return revision.map(found -> found.key().name()).orElse("");
  }

  private static Condition condition(Revision revision) {
    Condition report = RevisionReport.of(revision);
    return report.isFalse()
        ? Condition.no(
            "RevisionFailed",
            "Revision \"%s\" failed with message: %s."
                .formatted(revision.key().name(), report.message()))
        : report;
  }

  private void collect(ObjectName name, ConfigurationView view) {
    Map<String, Revision> idle = new HashMap<>();
    for (Revision revision : revisions.of(name)) {
      String own = revision.key().name();
      boolean needed = revision.newest || own.equals(view.ready());
      if (!needed && !revision.routed && revision.routing.state() == Routing.State.RESERVE) {
        idle.put(own, revision);
      }
    }
    List<RevisionGc.Candidate> candidates = idle.values().stream().map(each -> each.gc).toList();
    for (String doomed : gc.doomed(candidates, wiring.clocks().now())) {
      Optional.ofNullable(idle.get(doomed)).ifPresent(revisions::collect);
    }
  }

  /**
   * Revisions that were stored before there were Configurations become this one's: the latest as
   * the one that it asks for, if it still does.
   *
   * @return whether there are any that are not yet
   */
  private boolean adopt(ApiObject configuration) {
    List<Revision> former =
        revisions.of(ObjectName.of(configuration)).stream()
            .filter(each -> each.identity.configurationUid().isEmpty())
            .filter(
                each ->
                    each.identity.ownerUid().equals(configuration.labels().get(Keys.SERVICE_UID)))
            .toList();
    Optional<Revision> latest = latest(former.stream());
    for (Revision revision : former) {
      boolean asked =
          latest.get() == revision
              && specOf(revision.key())
                  .equals(Optional.of(configuration.spec().at("/template/spec")));
      writer.change(
          ResourceKind.REVISION,
          RevisionReconciler.name(revision),
          object -> adopted(object, configuration, asked));
    }
    return !former.isEmpty();
  }

  private static ObjectNode adopted(ObjectNode object, ApiObject configuration, boolean asked) {
    ObjectNode metadata = object.withObject("metadata");
    metadata.withObject("annotations").remove("skep.dev/template");
    RevisionObjects.belong(metadata, configuration, asked ? configuration.generation() : 0);
    return object;
  }
}
