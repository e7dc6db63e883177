package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.EnvSource;
import dev.skep.api.SkepException;
import dev.skep.store.ResourceKind;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * From DomainMappings to host names of the gateway and their certificates, after Knative's {@code
 * pkg/reconciler/domainmapping}. A name belongs to the mapping that asked for it first, in whatever
 * namespace, for as long as that is there. It belongs to the control thread.
 */
final class DomainMappingReconciler {
  private static final ResourceKind KIND = ResourceKind.DOMAIN_MAPPING;

  /** Who had its name before the daemon started has it again. */
  private static final Comparator<ApiObject> BY_CLAIM =
      Comparator.comparing((ApiObject mapping) -> !hadItsName(mapping))
          .thenComparing(mapping -> mapping.json().at("/metadata/creationTimestamp").asString(""))
          .thenComparing(ApiObject::namespace);

  /** What one was compared with. */
  private record Known(Set<ObjectName> targets, Set<ObjectName> secrets) {
    static final Known NOTHING = new Known(Set.of(), Set.of());
  }

  /** How TLS for a mapping stands. */
  private record Tls(Optional<ServerCertificate> certificate, Condition condition) {
    static Tls failed(String why) {
      return new Tls(Optional.empty(), Condition.no("CertificateProvisionFailed", why));
    }
  }

  private final Owners owners;
  private final StoreWriter writer;
  private final Addresses addresses;
  private final Routes routes;
  private final Map<ObjectName, Known> known = new HashMap<>();
  private final Map<String, ObjectName> claims = new HashMap<>();

  /** What Secrets come to, until they change. */
  private final Map<ObjectName, Tls> certificates = new HashMap<>();

  private final References<ObjectName> toTargets = new References<>();
  private final References<ObjectName> toSecrets = new References<>();

  DomainMappingReconciler(Owners owners, StoreWriter writer, Addresses addresses, Routes routes) {
    this.owners = owners;
    this.writer = writer;
    this.addresses = addresses;
    this.routes = routes;
  }

  Collection<ObjectName> names() {
    return List.copyOf(known.keySet());
  }

  /** All of them; those that are gone first: they give their names back. */
  Collection<ObjectName> inOrder() {
    certificates.clear(); // a change of a Secret may have been missed

    List<ApiObject> there =
        owners.store().list(KIND, Optional.empty()).items().stream().sorted(BY_CLAIM).toList();
    var names = new LinkedHashSet<>(names());
    there.forEach(mapping -> names.remove(ObjectName.of(mapping)));
    there.forEach(mapping -> names.addLast(ObjectName.of(mapping)));
    return names;
  }

  /** An object that mappings may lead to was compared. */
  void targetChanged(ObjectName target) {
    reconcile(toTargets.to(target), target.namespace());
  }

  void secretChanged(ObjectName secret) {
    certificates.remove(secret);
    reconcile(toSecrets.to(secret), secret.namespace());
  }

  private void reconcile(Set<String> names, String namespace) {
    names.forEach(name -> reconcile(new ObjectName(namespace, name)));
  }

  /** Compares one that was made, changed or deleted, or has to be looked at. */
  void reconcile(ObjectName name) {
    Optional<ApiObject> mapping = owners.store().get(KIND, name.namespace(), name.name());
    if (mapping.isEmpty()) {
      forget(name);
    } else if (name.equals(claims.computeIfAbsent(name.name(), _ -> name))) {
      compare(name, mapping.get());
    } else {
      note(name, Known.NOTHING);
      String url = addresses.http(name.name());
      writer.status(KIND, mapping.get(), DomainMappingStatus.unclaimed(mapping.get(), url).json());
    }
  }

  private void forget(ObjectName name) {
    note(name, Known.NOTHING);
    known.remove(name);
    if (claims.remove(name.name(), name)) {
      routes.unmap(name.name());
      heirs(name.name()).forEach(heir -> reconcile(ObjectName.of(heir)));
    }
  }

  /** Those that wait for a name, the first to ask first. */
  private List<ApiObject> heirs(String host) {
    return known.keySet().stream()
        .filter(other -> other.name().equals(host))
        .flatMap(other -> owners.store().get(KIND, other.namespace(), host).stream())
        .sorted(BY_CLAIM)
        .toList();
  }

  private void compare(ObjectName name, ApiObject mapping) {
    String host = name.name();
    DomainTarget target = DomainTarget.of(mapping.spec().path("ref"), owners);
    Optional<ObjectName> secret = secret(mapping);
    note(name, new Known(target.dependsOn(), secret.map(Set::of).orElse(Set.of())));
    Optional<RouteTable.Route> route =
        target instanceof DomainTarget.Led(ObjectName led, ObjectName of)
            ? routes.find(of, Addresses.inside(led))
            : Optional.empty();
    Tls tls = secret.map(this::tls).orElse(new Tls(Optional.empty(), DomainMappingStatus.NO_TLS));
    String url = tls.certificate().isPresent() ? addresses.https(host) : addresses.http(host);
    routes.map(
        host, new Routes.Mapped(route.map(to -> redirected(mapping, to, url)), tls.certificate()));
    var status =
        new DomainMappingStatus(
            mapping,
            url,
            Condition.TRUE,
            resolved(target),
            ingress(host, route.isPresent()),
            tls.condition());
    writer.status(KIND, mapping, status.json());
  }

  /** Only where there is something that people may be sent to. */
  private static RouteTable.Route redirected(
      ApiObject mapping, RouteTable.Route route, String url) {
    boolean asked = mapping.annotations().getOrDefault(Keys.HTTP_PROTOCOL, "").equals("Redirected");
    return asked && url.startsWith("https:") ? route.redirected(url) : route;
  }

  private static Condition resolved(DomainTarget target) {
    return switch (target) {
      case DomainTarget.Led _ -> Condition.TRUE;
      case DomainTarget.Unresolved(_, String why) -> Condition.no("ResolveFailed", why);
    };
  }

  private Condition ingress(String host, boolean leads) {
    if (routes.isOfRoute(host)) {
      return Condition.no(
          "HostTaken", "host name %s is that of a Route (expected: another)".formatted(host));
    }
    return leads ? Condition.TRUE : DomainMappingStatus.NO_INGRESS;
  }

  private static Optional<ObjectName> secret(ApiObject mapping) {
    String name = mapping.spec().at("/tls/secretName").asString("");
    return name.isEmpty()
        ? Optional.empty()
        : Optional.of(new ObjectName(mapping.namespace(), name));
  }

  private Tls tls(ObjectName secret) {
    if (!addresses.takeTls()) {
      return Tls.failed(
          "the gateway takes no TLS (expected: gateway.tlsPort in skep.yaml to be set)");
    }
    return certificates.computeIfAbsent(secret, this::read);
  }

  /** Checks that key and certificate are a pair, which takes the processor's time. */
  private Tls read(ObjectName secret) {
    var reference = new EnvSource.Reference(EnvSource.Kind.SECRET, secret.name(), false);
    Optional<Map<String, byte[]>> data =
        new Configuration(secret.namespace(), owners.store()).find(reference, false);
    if (data.isEmpty()) {
      return Tls.failed(
          "Secret %s does not exist (expected: one of kubernetes.io/tls)".formatted(secret));
    }
    byte[] nothing = {};
    try {
      ServerCertificate certificate =
          ServerCertificate.parse(
              data.get().getOrDefault(ServerCertificate.CERTIFICATE, nothing),
              data.get().getOrDefault(ServerCertificate.KEY, nothing));
      return new Tls(Optional.of(certificate), DomainMappingStatus.OWN_CERTIFICATE);
    } catch (SkepException e) {
      return Tls.failed("Secret %s: %s".formatted(secret, e.getMessage()));
    }
  }

  private void note(ObjectName name, Known now) {
    Known before = known.getOrDefault(name, Known.NOTHING);
    toTargets.replace(name.name(), before.targets(), now.targets());
    toSecrets.replace(name.name(), before.secrets(), now.secrets());
    known.put(name, now);
  }

  private static boolean hadItsName(ApiObject mapping) {
    return mapping
        .condition("DomainClaimed")
        .filter(claimed -> claimed.path("status").asString("").equals("True"))
        .isPresent();
  }
}
