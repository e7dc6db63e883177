package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The kinds of objects that a daemon keeps, in the order in which they are best created. */
enum ObjectKind {
  CONFIG_MAP("v1", "ConfigMap", "configmaps", "cm"),
  SECRET("v1", "Secret", "secrets"),
  CLAIM("v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc"),
  SERVICE("v1", "Service", "services", "svc"),
  DEPLOYMENT("apps/v1", "Deployment", "deployments", "deploy"),
  POD("v1", "Pod", "pods", "po"),
  FUNCTION("serving.knative.dev/v1", "Service", "services", "ksvc", "kservice", "function"),
  BROKER("eventing.knative.dev/v1", "Broker", "brokers"),
  TRIGGER("eventing.knative.dev/v1", "Trigger", "triggers"),
  CHANNEL("messaging.knative.dev/v1", "Channel", "channels", "ch"),
  SUBSCRIPTION("messaging.knative.dev/v1", "Subscription", "subscriptions", "sub"),
  PING_SOURCE("sources.knative.dev/v1", "PingSource", "pingsources");

  private final String apiVersion;
  private final String kind;
  private final String plural;
  private final String aliases;

  ObjectKind(String apiVersion, String kind, String plural, String... aliases) {
    this.apiVersion = apiVersion;
    this.kind = kind;
    this.plural = plural;
    this.aliases = String.join(" ", aliases);
  }

  /** That of a manifest; empty for one that is not served. Without kind it is a function. */
  static Optional<ObjectKind> of(Json manifest) {
    String version = manifest.at("apiVersion").text();
    String wanted = manifest.at("kind").optional().orElse(FUNCTION.kind);
    boolean functions = version.isEmpty() && wanted.equals(FUNCTION.kind);
    return functions
        ? Optional.of(FUNCTION)
        : Arrays.stream(values())
            .filter(one -> version.isEmpty() || one.apiVersion.equals(version))
            .filter(one -> one.kind.equals(wanted))
            .findFirst();
  }

  /** By a word of a command line: singular, plural or short, with or without its group. */
  static ObjectKind named(String word) {
    String wanted = word.toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(one -> one.isCalled(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new SkepException(
                    Code.INVALID,
                    "kind '%s' is not served (expected: one of %s)".formatted(word, names())));
  }

  private boolean isCalled(String word) {
    boolean own = this != FUNCTION && (word.equals(singular()) || word.equals(plural));
    return own
        || List.of(aliases.split(" ", -1)).contains(word)
        || word.equals(resource())
        || word.equals(plural + group());
  }

  /** For messages. */
  static String names() {
    return Arrays.stream(values()).map(ObjectKind::resource).collect(Collectors.joining(", "));
  }

  /** As kubectl names it: {@code deployment.apps}. */
  String resource() {
    return singular() + group();
  }

  private String singular() {
    return kind.toLowerCase(Locale.ROOT);
  }

  private String group() {
    int slash = apiVersion.indexOf('/');
    return slash < 0 ? "" : "." + apiVersion.substring(0, slash);
  }

  private String root() {
    return (apiVersion.contains("/") ? "/apis/" : "/api/") + apiVersion;
  }

  /** Of all namespaces. */
  String everywhere() {
    return root() + "/" + plural;
  }

  String in(String namespace) {
    return root() + "/namespaces/" + ApiClient.encode(namespace) + "/" + plural;
  }

  String one(String namespace, String name) {
    return in(namespace) + "/" + ApiClient.encode(name);
  }
}
