package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.ClusterService;
import dev.skep.api.DeploymentSpec;
import dev.skep.api.Findings;
import dev.skep.api.KubernetesSchemas;
import dev.skep.api.VolumeClaim;
import dev.skep.apiserver.ServedKind.Column;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/** The kinds of always-on services, printed as kubectl prints them. */
final class WorkloadKinds {
  private WorkloadKinds() {}

  static ServedKind deployment() {
    return new ServedKind(
        ResourceKind.DEPLOYMENT,
        "deployment",
        List.of("deploy"),
        List.of("all"),
        ServedKind.ALL_VERBS,
        List.of(
            Column.ofName(),
            new Column(
                "Ready",
                object ->
                    object.status().path("readyReplicas").asInt(0)
                        + "/"
                        + object.spec().path("replicas").asInt(1)),
            Column.number("Up-to-date", "updatedReplicas"),
            Column.number("Available", "availableReplicas"),
            Column.age()),
        new KubernetesAdmission(
            ResourceKind.DEPLOYMENT,
            KubernetesSchemas.DEPLOYMENT,
            DeploymentSpec::prune,
            DeploymentSpec::applyDefaults,
            DeploymentSpec::validate));
  }

  static ServedKind service(ResourceStore store, ServiceAddresses addresses) {
    return new ServedKind(
        ResourceKind.SERVICE,
        "service",
        List.of("svc"),
        List.of("all"),
        ServedKind.ALL_VERBS,
        List.of(
            Column.ofName(),
            new Column("Type", spec("type")),
            new Column("Cluster-IP", spec("clusterIP").andThen(WorkloadKinds::orNone)),
            new Column("External-IP", spec("externalName").andThen(WorkloadKinds::orNone)),
            new Column("Port(s)", WorkloadKinds::ports),
            Column.age()),
        new ClusterServiceAdmission(store, addresses));
  }

  private static Function<ApiObject, String> spec(String field) {
    return object -> object.spec().path(field).asString("");
  }

  private static String orNone(String text) {
    return text.isEmpty() ? "<none>" : text;
  }

  private static String ports(ApiObject service) {
    return orNone(
        ClusterService.of(service).ports().stream()
            .map(port -> port.number() + "/" + port.transport())
            .collect(Collectors.joining(",")));
  }

  static ServedKind claim() {
    return new ServedKind(
        ResourceKind.CLAIM,
        "persistentvolumeclaim",
        List.of("pvc"),
        List.of(),
        ServedKind.ALL_VERBS,
        List.of(
            Column.ofName(),
            Column.status("Status", "phase"),
            new Column("Volume", object -> "pvc-" + object.uid()),
            new Column(
                "Capacity",
                object -> object.status().path("capacity").path("storage").asString("")),
            new Column("Access Modes", WorkloadKinds::modes),
            Column.age()),
        new KubernetesAdmission(
            ResourceKind.CLAIM,
            KubernetesSchemas.CLAIM,
            VolumeClaim::prune,
            VolumeClaim::applyDefaults,
            VolumeClaim::validate));
  }

  private static String modes(ApiObject claim) {
    return StreamSupport.stream(claim.spec().path("accessModes").spliterator(), false)
        .map(mode -> mode.asString("").replaceAll("[a-z]", ""))
        .collect(Collectors.joining(","));
  }

  /** Made by Deployments; to delete one is to have it replaced. */
  static ServedKind pod() {
    return new ServedKind(
        ResourceKind.POD,
        "pod",
        List.of("po"),
        List.of("all"),
        ServedKind.NOT_WRITTEN,
        List.of(
            Column.ofName(),
            new Column("Ready", pod -> container(pod).path("ready").asBoolean() ? "1/1" : "0/1"),
            new Column("Status", WorkloadKinds::state),
            new Column("Restarts", pod -> container(pod).path("restartCount").asString("0")),
            Column.age(),
            Column.status("IP", "podIP")),
        new KubernetesAdmission(
            ResourceKind.POD,
            KubernetesSchemas.POD,
            _ -> new Findings(List.of(), List.of()),
            _ -> {},
            (_, _) -> {}));
  }

  private static JsonNode container(ApiObject pod) {
    return pod.status().path("containerStatuses").path(0);
  }

  private static String state(ApiObject pod) {
    String reason = pod.status().path("reason").asString("");
    String waiting = container(pod).path("state").path("waiting").path("reason").asString("");
    String phase = pod.status().path("phase").asString("Pending");
    return !reason.isEmpty() ? reason : waiting.isEmpty() ? phase : waiting;
  }
}
