package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.node.ObjectNode;

/** Keeps the core Services of routes and their tags. It belongs to the control thread. */
final class PlaceholderReconciler {
  private static final ResourceKind KIND = ResourceKind.SERVICE;

  /**
   * What came of the names that a route asks for.
   *
   * @param localTags tags that are to be reached from inside the cluster alone
   * @param taken the name that a Service has which is not the route's; empty where all are its own
   */
  record Placed(Set<String> localTags, Optional<String> taken) {
    static final Placed NOTHING = new Placed(Set.of(), Optional.empty());
  }

  private final Owners owners;
  private final StoreWriter writer;
  private final Addresses addresses;

  PlaceholderReconciler(Owners owners, StoreWriter writer, Addresses addresses) {
    this.owners = owners;
    this.writer = writer;
    this.addresses = addresses;
  }

  /** Compares those of one route. */
  Placed reconcile(ApiObject route, Set<String> tags) {
    ObjectName name = ObjectName.of(route);
    boolean allLocal = Addresses.isLocal(route);
    var taken = new TreeSet<String>();
    keep(route, name, allLocal, find(name), taken);
    var local = new TreeSet<String>();
    for (String tag : tags) {
      ObjectName tagged = addresses.tagged(name, tag);
      Optional<ApiObject> there = find(tagged);
      boolean isLocal = allLocal || there.filter(Addresses::isLocal).isPresent();
      if (isLocal) {
        local.add(tag);
      }
      keep(route, tagged, isLocal, there, taken);
    }
    return new Placed(local, taken.stream().findFirst());
  }

  private Optional<ApiObject> find(ObjectName name) {
    return owners.store().get(KIND, name.namespace(), name.name());
  }

  private void keep(
      ApiObject route,
      ObjectName name,
      boolean local,
      Optional<ApiObject> there,
      Set<String> taken) {
    ApiObject asked = Placeholders.of(route, name.name(), addresses.host(route, name, local));
    if (there.isEmpty()) {
      writer.create(KIND, asked);
    } else if (Owners.controls(route, there.get())) {
      ApiObject wanted = withWhatItHas(there.get(), asked);
      if (!ServiceObjects.isAsked(there.get(), wanted)) {
        writer.change(KIND, name, stored -> ServiceObjects.changed(stored, wanted));
      }
    } else if (!owners.isAlive(there.get())) {
      writer.delete(KIND, name, there.get().uid());
    } else {
      taken.add(name.name());
    }
  }

  /**
   * What is on one stays, as in Knative: users label its visibility, and what a route does not have
   * any more is not taken away.
   */
  private static ApiObject withWhatItHas(ApiObject there, ApiObject asked) {
    ObjectNode object = asked.copy();
    for (String field : List.of("labels", "annotations")) {
      ObjectNode all = object.withObject("metadata").withObject(field);
      there
          .json()
          .at("/metadata/" + field)
          .properties()
          .forEach(entry -> all.putIfAbsent(entry.getKey(), entry.getValue()));
    }
    return new ApiObject(object);
  }

  /** Deletes one that its route does not ask for any more; nobody else's of that name. */
  void drop(ObjectName route, ObjectName placeholder) {
    find(placeholder)
        .filter(there -> there.labels().getOrDefault(Keys.ROUTE, "").equals(route.name()))
        .filter(there -> there.spec().path("type").asString("").equals("ExternalName"))
        .ifPresent(there -> writer.delete(KIND, placeholder, there.uid()));
  }
}
