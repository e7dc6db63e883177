package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.KnativeKind;
import dev.skep.apiserver.ServedKind.Column;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.List;

/** Knative's kinds, named and printed as its own definitions have them. */
record KnativeKinds(ResourceStore store) {
  private static final List<String> CATEGORIES = List.of("all", "knative", "serving");
  private static final String LABEL = "serving.knative.dev/";

  List<ServedKind> all() {
    return List.of(service(), configuration(), route(), revision(), domainMapping());
  }

  private ServedKind service() {
    return kind(
        KnativeKind.SERVICE,
        ResourceKind.KNATIVE_SERVICE,
        "service",
        List.of("kservice", "ksvc"),
        List.of(
            Column.ofName(),
            Column.status("URL", "url"),
            Column.status("LatestCreated", "latestCreatedRevisionName"),
            Column.status("LatestReady", "latestReadyRevisionName"),
            Column.ready("Ready", "status"),
            Column.ready("Reason", "reason")));
  }

  private ServedKind configuration() {
    return kind(
        KnativeKind.CONFIGURATION,
        ResourceKind.CONFIGURATION,
        "configuration",
        List.of("config", "cfg"),
        List.of(
            Column.ofName(),
            Column.status("LatestCreated", "latestCreatedRevisionName"),
            Column.status("LatestReady", "latestReadyRevisionName"),
            Column.ready("Ready", "status"),
            Column.ready("Reason", "reason")));
  }

  private ServedKind route() {
    return kind(
        KnativeKind.ROUTE,
        ResourceKind.ROUTE,
        "route",
        List.of("rt"),
        List.of(
            Column.ofName(),
            Column.status("URL", "url"),
            Column.ready("Ready", "status"),
            Column.ready("Reason", "reason")));
  }

  private ServedKind revision() {
    return kind(
        KnativeKind.REVISION,
        ResourceKind.REVISION,
        "revision",
        List.of("rev"),
        List.of(
            Column.ofName(),
            Column.label("Config Name", LABEL + "configuration"),
            Column.label("Generation", LABEL + "configurationGeneration"),
            Column.ready("Ready", "status"),
            Column.ready("Reason", "reason"),
            Column.status("Actual Replicas", "actualReplicas"),
            Column.status("Desired Replicas", "desiredReplicas")));
  }

  private ServedKind domainMapping() {
    return kind(
        KnativeKind.DOMAIN_MAPPING,
        ResourceKind.DOMAIN_MAPPING,
        "domainmapping",
        List.of("dm"),
        List.of(
            Column.ofName(),
            Column.status("URL", "url"),
            Column.ready("Ready", "status"),
            Column.ready("Reason", "reason")));
  }

  private ServedKind kind(
      KnativeKind kind,
      ResourceKind resource,
      String singular,
      List<String> shortNames,
      List<Column> columns) {
    return new ServedKind(
        resource,
        singular,
        shortNames,
        CATEGORIES,
        ServedKind.ALL_VERBS,
        columns,
        new KnativeAdmission(kind, "serving", object -> refuseTaken(kind, object)));
  }

  /** Services and Routes share names with core Services. */
  private void refuseTaken(KnativeKind kind, ApiObject object) {
    if (kind == KnativeKind.SERVICE || kind == KnativeKind.ROUTE) {
      ClusterServiceAdmission.refuseNameOf(store, ResourceKind.SERVICE, object, "Service");
    }
  }
}
