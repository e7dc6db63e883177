package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.RevisionKey;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.control.IngressView;
import dev.skep.control.Instances;
import dev.skep.control.RevisionViews;
import dev.skep.control.ScalingView;
import dev.skep.store.MemoryStore;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * The kinds that the control plane's live state is part of: instances as pods beside those of
 * Deployments, the scale of Revisions, and what Knative has beside a Revision or a Route.
 */
final class ShownKinds {
  private final ResourceStore store;
  private final Instances instances;
  private final MemoryStore shown;
  private final Map<ResourceKind, ResourceStore> kinds = new HashMap<>();

  private ShownKinds(ResourceStore store, Instances instances, Clock clock) {
    this.store = store;
    this.instances = instances;
    this.shown = new MemoryStore(clock);
  }

  static ResourceStore over(ResourceStore store, Instances instances, Clock clock) {
    var kinds = new ShownKinds(store, instances, clock);
    kinds.addAll();
    return new KindStores(store, Map.copyOf(kinds.kinds));
  }

  private void addAll() {
    kinds.put(
        ResourceKind.POD, new MadeUpStore(ResourceKind.POD, shown, this::pods, this::deletePod));
    kinds.put(
        ResourceKind.REVISION,
        new ShownStore(store, ResourceKind.REVISION, this::withScale, RevisionViews::withoutScale));
    add(
        ResourceKind.POD_AUTOSCALER,
        ResourceKind.REVISION,
        each -> RevisionViews.podAutoscaler(each, scale(each)));
    add(ResourceKind.METRIC, ResourceKind.REVISION, RevisionViews::metric);
    add(
        ResourceKind.SERVERLESS_SERVICE,
        ResourceKind.REVISION,
        each -> RevisionViews.serverlessService(each, scale(each)));
    add(ResourceKind.IMAGE, ResourceKind.REVISION, RevisionViews::image);
    add(ResourceKind.INGRESS, ResourceKind.ROUTE, new IngressView(store)::of);
  }

  private void add(ResourceKind kind, ResourceKind of, Function<ApiObject, ApiObject> view) {
    MadeUpStore.Deletion refusal =
        (_, name) -> {
          throw new SkepException(
              Code.FORBIDDEN,
              "%s \"%s\" follows its %s".formatted(kind.resource(), name, of.kind()));
        };
    kinds.put(
        kind,
        new MadeUpStore(
            kind,
            shown,
            () -> store.list(of, Optional.empty()).items().stream().map(view).toList(),
            refusal));
  }

  private Optional<ScalingView> scale(ApiObject revision) {
    return instances.scaling(new RevisionKey(revision.namespace(), revision.name()));
  }

  private ObjectNode withScale(ObjectNode revision) {
    return RevisionViews.withScale(revision, scale(new ApiObject(revision)));
  }

  private List<ApiObject> pods() {
    List<ApiObject> stored = store.list(ResourceKind.POD, Optional.empty()).items();
    return Stream.concat(stored.stream().map(ShownKinds::withoutVersion), instances.pods().stream())
        .toList();
  }

  /** It is shown with another. */
  private static ApiObject withoutVersion(ApiObject pod) {
    pod.json().withObject("metadata").remove("resourceVersion");
    return pod;
  }

  private ApiObject deletePod(String namespace, String name) {
    if (instances.ofPod(namespace, name).isPresent()) {
      throw new SkepException(
          Code.FORBIDDEN,
          "pods \"%s\" is an instance of a function: it ends once nobody needs it".formatted(name));
    }
    return store.delete(ResourceKind.POD, namespace, name);
  }
}
