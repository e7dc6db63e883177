package dev.skep.apiserver;

import dev.skep.api.EnvSource;
import dev.skep.api.KubernetesSchemas;
import dev.skep.apiserver.ServedKind.Column;
import dev.skep.control.Instances;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.ArrayList;
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

  static Kinds all(ResourceStore store, ServiceAddresses addresses, Instances instances) {
    var served = new ArrayList<ServedKind>();
    served.add(namespace());
    served.addAll(new KnativeKinds(store, instances).all());
    served.add(configMap());
    served.add(secret());
    served.add(WorkloadKinds.deployment());
    served.add(WorkloadKinds.service(store, addresses));
    served.add(WorkloadKinds.claim());
    served.add(WorkloadKinds.pod());
    served.add(EventKinds.event());
    served.add(EventKinds.regardingEvent());
    served.add(lease());
    served.add(EventingKinds.broker());
    served.add(EventingKinds.trigger());
    served.add(EventingKinds.channel());
    served.add(EventingKinds.subscription());
    served.add(EventingKinds.pingSource());
    served.addAll(KnativeKinds.internal());
    return new Kinds(served);
  }

  private static ServedKind namespace() {
    return new ServedKind(
        ResourceKind.NAMESPACE,
        "namespace",
        List.of("ns"),
        List.of(),
        ServedKind.ALL_VERBS,
        List.of(Column.ofName(), Column.status("Status", "phase"), Column.age()),
        new NamespaceAdmission());
  }

  private static ServedKind configMap() {
    return new ServedKind(
        ResourceKind.CONFIG_MAP,
        "configmap",
        List.of("cm"),
        List.of(),
        ServedKind.ALL_VERBS,
        List.of(Column.ofName(), Column.size("Data", "data", "binaryData"), Column.age()),
        new ConfigAdmission(EnvSource.Kind.CONFIG_MAP));
  }

  private static ServedKind secret() {
    return new ServedKind(
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
        new ConfigAdmission(EnvSource.Kind.SECRET));
  }

  private static ServedKind lease() {
    return new ServedKind(
        ResourceKind.LEASE,
        "lease",
        List.of(),
        List.of(),
        ServedKind.ALL_VERBS,
        List.of(
            Column.ofName(),
            new Column("Holder", lease -> lease.spec().path("holderIdentity").asString("")),
            Column.age()),
        KubernetesAdmission.bySchema(ResourceKind.LEASE, KubernetesSchemas.LEASE, (_, _) -> {}));
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
