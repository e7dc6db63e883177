package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * From Services to their Configurations and Routes, after Knative's {@code pkg/reconciler/service}.
 * It belongs to the control thread.
 */
final class ServiceReconciler {
  private static final ResourceKind KIND = ResourceKind.KNATIVE_SERVICE;

  private final Owners owners;
  private final StoreWriter writer;
  private final Addresses addresses;
  private final Set<ObjectName> names = new HashSet<>();

  ServiceReconciler(Owners owners, StoreWriter writer, Addresses addresses) {
    this.owners = owners;
    this.writer = writer;
    this.addresses = addresses;
  }

  Collection<ObjectName> names() {
    return List.copyOf(names);
  }

  /** Compares one with what it asks for; empty where there is none. */
  void reconcile(
      ObjectName name,
      Optional<ApiObject> service,
      Optional<ConfigurationView> configuration,
      Optional<RouteStatus> route) {
    if (service.isEmpty()) {
      names.remove(name);
      return;
    }
    names.add(name);
    ApiObject object = service.get();
    if (object.isEnding()) {
      return; // what it owns goes, and must not come again
    }
    ServiceStatus.Child configurationChild =
        keep(ResourceKind.CONFIGURATION, object, ServiceObjects.configuration(object));
    ServiceStatus.Child routeChild = keep(ResourceKind.ROUTE, object, ServiceObjects.route(object));
    var status =
        new ServiceStatus(
            object,
            configurationChild,
            configuration.filter(_ -> configurationChild != ServiceStatus.Child.FOREIGN),
            routeChild,
            route.filter(_ -> routeChild != ServiceStatus.Child.FOREIGN));
    writer.status(KIND, object, status.json(addresses));
  }

  private ServiceStatus.Child keep(ResourceKind kind, ApiObject service, ApiObject asked) {
    ObjectName name = ObjectName.of(asked);
    Optional<ApiObject> there = owners.store().get(kind, name.namespace(), name.name());
    if (there.isEmpty()) {
      writer.create(kind, asked);
      return ServiceStatus.Child.OUTDATED;
    }
    if (!Owners.controls(service, there.get())) {
      // One whose own Service is gone is about to be deleted.
      return owners.isAlive(there.get())
          ? ServiceStatus.Child.FOREIGN
          : ServiceStatus.Child.OUTDATED;
    }
    if (ServiceObjects.isAsked(there.get(), asked)) {
      return ServiceStatus.Child.CURRENT;
    }
    writer.change(kind, name, stored -> ServiceObjects.changed(stored, asked));
    return ServiceStatus.Child.OUTDATED;
  }
}
