package dev.skep.store;

/**
 * A kind of object, as the API's paths name it.
 *
 * @param group {@code serving.knative.dev}; empty for the core group
 * @param version {@code v1}
 * @param plural {@code services}
 * @param kind {@code Service}
 * @param namespaced whether its objects are in namespaces; those of other kinds have an empty one
 */
public record ResourceKind(
    String group, String version, String plural, String kind, boolean namespaced) {
  /** Knative's Service: the object that users deploy. */
  public static final ResourceKind KNATIVE_SERVICE =
      new ResourceKind("serving.knative.dev", "v1", "services", "Service");

  /** Knative's Configuration: the template of which revisions are made. */
  public static final ResourceKind CONFIGURATION =
      new ResourceKind("serving.knative.dev", "v1", "configurations", "Configuration");

  /** Knative's Revision: an immutable version of a function. */
  public static final ResourceKind REVISION =
      new ResourceKind("serving.knative.dev", "v1", "revisions", "Revision");

  /** Knative's Route: which revisions get the requests to a name. */
  public static final ResourceKind ROUTE =
      new ResourceKind("serving.knative.dev", "v1", "routes", "Route");

  /** Knative's DomainMapping: another host name of a Service or a Route. */
  public static final ResourceKind DOMAIN_MAPPING =
      new ResourceKind("serving.knative.dev", "v1beta1", "domainmappings", "DomainMapping");

  public static final ResourceKind CONFIG_MAP =
      new ResourceKind("", "v1", "configmaps", "ConfigMap");

  public static final ResourceKind SECRET = new ResourceKind("", "v1", "secrets", "Secret");

  public static final ResourceKind NAMESPACE =
      new ResourceKind("", "v1", "namespaces", "Namespace", false);

  public static final ResourceKind DEPLOYMENT =
      new ResourceKind("apps", "v1", "deployments", "Deployment");

  /** Kubernetes' own Service: a name and an address for pods. */
  public static final ResourceKind SERVICE = new ResourceKind("", "v1", "services", "Service");

  public static final ResourceKind CLAIM =
      new ResourceKind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim");

  public static final ResourceKind POD = new ResourceKind("", "v1", "pods", "Pod");

  /** Takes events over HTTP for its Triggers. */
  public static final ResourceKind BROKER =
      new ResourceKind("eventing.knative.dev", "v1", "brokers", "Broker");

  public static final ResourceKind TRIGGER =
      new ResourceKind("eventing.knative.dev", "v1", "triggers", "Trigger");

  /** Takes events over HTTP for its Subscriptions. */
  public static final ResourceKind CHANNEL =
      new ResourceKind("messaging.knative.dev", "v1", "channels", "Channel");

  public static final ResourceKind SUBSCRIPTION =
      new ResourceKind("messaging.knative.dev", "v1", "subscriptions", "Subscription");

  public static final ResourceKind PING_SOURCE =
      new ResourceKind("sources.knative.dev", "v1", "pingsources", "PingSource");

  /** A kind whose objects are in namespaces. */
  public ResourceKind(String group, String version, String plural, String kind) {
    this(group, version, plural, kind, true);
  }

  public String apiVersion() {
    return group.isEmpty() ? version : group + "/" + version;
  }

  /** As error messages name it: {@code services.serving.knative.dev}. */
  public String resource() {
    return group.isEmpty() ? plural : plural + "." + group;
  }
}
