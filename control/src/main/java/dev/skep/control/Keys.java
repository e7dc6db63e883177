package dev.skep.control;

/** Labels and annotations of Knative's objects ({@code pkg/apis/serving/register.go}). */
final class Keys {
  static final String SERVICE = "serving.knative.dev/service";
  static final String SERVICE_UID = "serving.knative.dev/serviceUID";
  static final String CONFIGURATION = "serving.knative.dev/configuration";
  static final String CONFIGURATION_UID = "serving.knative.dev/configurationUID";
  static final String GENERATION = "serving.knative.dev/configurationGeneration";
  static final String ROUTE = "serving.knative.dev/route";
  static final String ROUTING_STATE = "serving.knative.dev/routingState";
  static final String ROUTING_MODIFIED = "serving.knative.dev/routingStateModified";
  static final String ROUTES = "serving.knative.dev/routes";
  static final String CREATOR = "serving.knative.dev/creator";
  static final String LAST_MODIFIER = "serving.knative.dev/lastModifier";
  static final String ROLLOUT_DURATION = "serving.knative.dev/rollout-duration";
  static final String NO_GC = "serving.knative.dev/no-gc";
  static final String VISIBILITY = "networking.knative.dev/visibility";

  /** {@code Redirected} sends requests without TLS to where there is TLS. */
  static final String HTTP_PROTOCOL = "networking.knative.dev/http-protocol";

  /** What {@code kubectl apply} remembers of an object is of no use to another. */
  static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

  private Keys() {}
}
