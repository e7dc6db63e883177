package dev.skep.apiserver;

import dev.skep.api.EnvSource;
import dev.skep.apiserver.ServedKind.Column;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** All kinds that are served. */
final class Kinds {
  private final List<ServedKind> served;

  Kinds(List<ServedKind> served) {
    this.served = List.copyOf(served);
  }

  static Kinds all(ResourceStore store, ServiceAddresses addresses) {
    return new Kinds(
        List.of(
            new ServedKind(
                ResourceKind.NAMESPACE,
                "namespace",
                List.of("ns"),
                List.of(),
                ServedKind.ALL_VERBS,
                List.of(Column.ofName(), Column.status("Status", "phase"), Column.age()),
                new NamespaceAdmission()),
            new ServedKind(
                ResourceKind.KNATIVE_SERVICE,
                "service",
                List.of("kservice", "ksvc"),
                List.of("all", "knative", "serving"),
                ServedKind.ALL_VERBS,
                List.of(
                    Column.ofName(),
                    Column.status("URL", "url"),
                    Column.status("LatestCreated", "latestCreatedRevisionName"),
                    Column.status("LatestReady", "latestReadyRevisionName"),
                    Column.ready("Ready", "status"),
                    Column.ready("Reason", "reason")),
                new ServiceAdmission(store)),
            new ServedKind(
                ResourceKind.CONFIG_MAP,
                "configmap",
                List.of("cm"),
                List.of(),
                ServedKind.ALL_VERBS,
                List.of(Column.ofName(), Column.size("Data", "data", "binaryData"), Column.age()),
                new ConfigAdmission(EnvSource.Kind.CONFIG_MAP)),
            new ServedKind(
                ResourceKind.SECRET,
                "secret",
                List.of(),
                List.of(),
                ServedKind.ALL_VERBS,
                List.of(
                    Column.ofName(),
                    Column.field("Type", "type"),
                    Column.size("Data", "data"),
                    Column.age()),
                new ConfigAdmission(EnvSource.Kind.SECRET)),
            WorkloadKinds.deployment(),
            WorkloadKinds.service(store, addresses),
            WorkloadKinds.claim(),
            WorkloadKinds.pod(),
            EventingKinds.broker(),
            EventingKinds.trigger(),
            EventingKinds.channel(),
            EventingKinds.subscription(),
            EventingKinds.pingSource()));
  }

  Optional<ServedKind> find(ResourcePath path) {
    return served.stream()
        .filter(
            one ->
                one.kind().group().equals(path.group())
                    && one.kind().version().equals(path.version())
                    && one.kind().plural().equals(path.plural()))
        .findFirst();
  }

  List<ServedKind> served() {
    return served;
  }

  /** Group versions, {@code group/version}, in the order of the kinds; the core group has none. */
  List<String> groupVersions() {
    return served.stream()
        .filter(one -> !one.kind().group().isEmpty())
        .map(one -> one.kind().apiVersion())
        .distinct()
        .toList();
  }

  /** Names of groups with their versions, {@code group/version}; without the core group. */
  Map<String, List<String>> groups() {
    return groupVersions().stream()
        .collect(
            Collectors.groupingBy(
                groupVersion -> groupVersion.substring(0, groupVersion.indexOf('/')),
                LinkedHashMap::new,
                Collectors.toList()));
  }

  List<ServedKind> of(String groupVersion) {
    return served.stream().filter(one -> one.kind().apiVersion().equals(groupVersion)).toList();
  }
}
