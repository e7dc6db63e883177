package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.KnativeKind;
import dev.skep.api.KubernetesSchemas;
import dev.skep.apiserver.ServedKind.Column;
import dev.skep.control.Instances;
import dev.skep.control.RevisionViews;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/** Knative's kinds, named and printed as its own definitions have them. */
record KnativeKinds(ResourceStore store, Instances instances) {
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
                Column.status("Desired Replicas", "desiredReplicas")))
        .with(this::addScale);
  }

  private void addScale(ObjectNode revision) {
    instances
        .scaling(RevisionViews.key(new ApiObject(revision)))
        .ifPresent(scale -> RevisionViews.addScale(revision, scale));
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

  /** What is shown of a Revision or a Route, and never stored. */
  static List<ServedKind> internal() {
    Column ready = Column.ready("Ready", "status");
    Column reason = Column.ready("Reason", "reason");
    return List.of(
        shown(
            ResourceKind.POD_AUTOSCALER,
            List.of("kpa", "pa"),
            "autoscaling",
            Column.ofName(),
            Column.status("DesiredScale", "desiredScale"),
            Column.status("ActualScale", "actualScale"),
            ready,
            reason),
        shown(ResourceKind.METRIC, List.of(), "autoscaling", Column.ofName(), ready, reason),
        shown(
            ResourceKind.SERVERLESS_SERVICE,
            List.of("sks"),
            "networking",
            Column.ofName(),
            spec("Mode", "mode"),
            spec("Activators", "numActivators"),
            Column.status("ServiceName", "serviceName"),
            Column.status("PrivateServiceName", "privateServiceName"),
            ready,
            reason),
        shown(
            ResourceKind.INGRESS,
            List.of("kingress", "king"),
            "networking",
            Column.ofName(),
            ready,
            reason),
        shown(ResourceKind.IMAGE, List.of(), "caching", Column.ofName(), spec("Image", "image")));
  }

  private static Column spec(String name, String field) {
    return new Column(name, object -> object.spec().path(field).asString(""));
  }

  private static ServedKind shown(
      ResourceKind kind, List<String> shortNames, String category, Column... columns) {
    return new ServedKind(
        kind,
        kind.kind().toLowerCase(Locale.ROOT),
        shortNames,
        List.of("knative-internal", category),
        ServedKind.READ,
        List.of(columns),
        KubernetesAdmission.bySchema(kind, KubernetesSchemas.POD, (_, _) -> {}));
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
