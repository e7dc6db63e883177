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

  /** What has happened to an object. */
  public static final ResourceKind EVENT = new ResourceKind("", "v1", "events", "Event");

  /** The same events with other names of their fields. */
  public static final ResourceKind REGARDING_EVENT =
      new ResourceKind("events.k8s.io", "v1", "events", "Event");

  /** Who leads among several that could. */
  public static final ResourceKind LEASE =
      new ResourceKind("coordination.k8s.io", "v1", "leases", "Lease");

  /** Knative's view of how a revision is scaled. */
  public static final ResourceKind POD_AUTOSCALER =
      new ResourceKind(
          "autoscaling.internal.knative.dev", "v1alpha1", "podautoscalers", "PodAutoscaler");

  /** Knative's view of what a revision is scaled by. */
  public static final ResourceKind METRIC =
      new ResourceKind("autoscaling.internal.knative.dev", "v1alpha1", "metrics", "Metric");

  /** Knative's view of whether requests to a revision are held. */
  public static final ResourceKind SERVERLESS_SERVICE =
      new ResourceKind(
          "networking.internal.knative.dev", "v1alpha1", "serverlessservices", "ServerlessService");

  /** Knative's view of the hosts of a route and where they lead. */
  public static final ResourceKind INGRESS =
      new ResourceKind("networking.internal.knative.dev", "v1alpha1", "ingresses", "Ingress");

  /** Knative's view of the image of a revision. */
  public static final ResourceKind IMAGE =
      new ResourceKind("caching.internal.knative.dev", "v1alpha1", "images", "Image");

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
