package dev.skep.apiserver;

import dev.skep.api.ApiObject;
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
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The kinds that the control plane's live state is part of: instances as pods beside those of
 * Deployments, and what Knative has beside a Revision or a Route.
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
    addOfRevisions(
        ResourceKind.POD_AUTOSCALER, each -> RevisionViews.podAutoscaler(each, scale(each)));
    addOfRevisions(ResourceKind.METRIC, RevisionViews::metric);
    addOfRevisions(
        ResourceKind.SERVERLESS_SERVICE,
        each -> RevisionViews.serverlessService(each, scale(each)));
    addOfRevisions(ResourceKind.IMAGE, RevisionViews::image);
    add(ResourceKind.INGRESS, ResourceKind.ROUTE, () -> IngressView.now(store)::of);
  }

  private void addOfRevisions(ResourceKind kind, UnaryOperator<ApiObject> view) {
    add(kind, ResourceKind.REVISION, () -> view);
  }

  /**
   * @param now the view that counts at that time
   */
  private void add(ResourceKind kind, ResourceKind of, Supplier<UnaryOperator<ApiObject>> now) {
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
            () -> store.list(of, Optional.empty()).items().stream().map(now.get()).toList(),
            refusal));
  }

  private Optional<ScalingView> scale(ApiObject revision) {
    return instances.scaling(RevisionViews.key(revision));
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
