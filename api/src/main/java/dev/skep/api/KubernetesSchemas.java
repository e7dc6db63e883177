package dev.skep.api;

import static dev.skep.api.KnativeSchemas.PROBE;
import static dev.skep.api.KnativeSchemas.SECURITY;
import static dev.skep.api.KnativeSchemas.ofKind;
import static dev.skep.api.Schema.Scalar.ANYTHING;
import static dev.skep.api.Schema.Scalar.BOOLEAN;
import static dev.skep.api.Schema.Scalar.INTEGER;
import static dev.skep.api.Schema.Scalar.INT_OR_STRING;
import static dev.skep.api.Schema.Scalar.QUANTITY;
import static dev.skep.api.Schema.Scalar.STRING;
import static dev.skep.api.Schema.list;
import static dev.skep.api.Schema.map;
import static dev.skep.api.Schema.object;
import static dev.skep.api.Schema.openObject;

import tools.jackson.databind.node.ObjectNode;

/**
 * The shapes of Kubernetes' own kinds, as far as they are served. What only chooses among nodes has
 * no effect: there is one.
 */
public final class KubernetesSchemas {
  /** As a function's, and what only a process that always runs has. */
  private static final Schema.ObjectOf CONTAINER =
      KnativeSchemas.CONTAINER
          .with("startupProbe", PROBE)
          .with("livenessProbe", PROBE)
          .with("securityContext", SECURITY.with("runAsGroup", INTEGER))
          .refusing("restartPolicy", "resizePolicy");

  private static final Schema.ObjectOf POD_SPEC =
      object()
          .with("containers", list(CONTAINER))
          .with("runtimeClassName", STRING)
          .with("restartPolicy", STRING)
          .with("terminationGracePeriodSeconds", INTEGER)
          .with(
              "securityContext",
              SECURITY
                  .with("runAsGroup", INTEGER)
                  .ignoring(INTEGER, "fsGroup")
                  .ignoring(STRING, "fsGroupChangePolicy")
                  .ignoring(list(INTEGER), "supplementalGroups"))
          .ignoring(STRING, "serviceAccountName", "serviceAccount", "nodeName", "schedulerName")
          .ignoring(STRING, "dnsPolicy", "priorityClassName", "preemptionPolicy")
          .ignoring(INTEGER, "priority")
          .ignoring(BOOLEAN, "automountServiceAccountToken", "enableServiceLinks")
          .ignoring(list(openObject()), "imagePullSecrets", "tolerations")
          .ignoring(list(openObject()), "topologySpreadConstraints")
          .ignoring(openObject(), "nodeSelector", "affinity")
          .with("volumes", VolumeSchemas.VOLUMES)
          .refusing("initContainers", "ephemeralContainers", "hostAliases", "dnsConfig")
          .refusing("hostNetwork", "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace")
          .refusing("hostname", "subdomain", "setHostnameAsFQDN", "activeDeadlineSeconds");

  private static final Schema.ObjectOf TEMPLATE =
      object().with("metadata", KnativeSchemas.TEMPLATE_METADATA).with("spec", POD_SPEC);

  /** {@code apps/v1 Deployment}. */
  public static final Schema.ObjectOf DEPLOYMENT =
      ofKind()
          .with(
              "spec",
              object()
                  .with("replicas", INTEGER)
                  .with(
                      "selector",
                      object().with("matchLabels", map(STRING)).refusing("matchExpressions"))
                  .with("template", TEMPLATE)
                  .with(
                      "strategy",
                      object()
                          .with("type", STRING)
                          .with(
                              "rollingUpdate",
                              object()
                                  .with("maxSurge", INT_OR_STRING)
                                  .with("maxUnavailable", INT_OR_STRING)))
                  .with("progressDeadlineSeconds", INTEGER)
                  .ignoring(INTEGER, "revisionHistoryLimit", "minReadySeconds")
                  .refusing("paused"))
          .with("status", ANYTHING);

  /** {@code v1 Service}. */
  public static final Schema.ObjectOf SERVICE =
      ofKind()
          .with(
              "spec",
              object()
                  .with("type", STRING)
                  .with("clusterIP", STRING)
                  .with("clusterIPs", list(STRING))
                  .with(
                      "ports",
                      list(
                          object()
                              .with("name", STRING)
                              .with("protocol", STRING)
                              .with("port", INTEGER)
                              .with("targetPort", INT_OR_STRING)
                              .ignoring(STRING, "appProtocol")
                              .refusing("nodePort")))
                  .with("selector", map(STRING))
                  .with("publishNotReadyAddresses", BOOLEAN)
                  .with("sessionAffinity", STRING)
                  .with("externalName", STRING)
                  .ignoring(STRING, "internalTrafficPolicy", "ipFamilyPolicy")
                  .ignoring(list(STRING), "ipFamilies")
                  .refusing("externalIPs", "externalTrafficPolicy")
                  .refusing("loadBalancerIP", "loadBalancerClass", "loadBalancerSourceRanges")
                  .refusing("healthCheckNodePort", "sessionAffinityConfig", "trafficDistribution"))
          .with("status", ANYTHING);

  /** {@code v1 PersistentVolumeClaim}. */
  public static final Schema.ObjectOf CLAIM =
      ofKind()
          .with(
              "spec",
              object()
                  .with("accessModes", list(STRING))
                  .with(
                      "resources",
                      object().with("requests", map(QUANTITY)).ignoring(map(QUANTITY), "limits"))
                  .with("volumeMode", STRING)
                  .ignoring(STRING, "storageClassName")
                  .refusing("selector", "volumeName", "dataSource", "dataSourceRef")
                  .refusing("volumeAttributesClassName"))
          .with("status", ANYTHING);

  /** {@code v1 Pod}, which the server makes. */
  public static final Schema.ObjectOf POD =
      ofKind().with("spec", openObject()).with("status", ANYTHING);

  private static final Schema.ObjectOf OBJECT_REFERENCE =
      object()
          .with("apiVersion", STRING)
          .with("kind", STRING)
          .with("namespace", STRING)
          .with("name", STRING)
          .with("uid", STRING)
          .with("resourceVersion", STRING)
          .with("fieldPath", STRING);

  private static final Schema.ObjectOf EVENT_SOURCE =
      object().with("component", STRING).with("host", STRING);

  private static final Schema.ObjectOf OF_ALL_EVENTS =
      ofKind()
          .with("reason", STRING)
          .with("type", STRING)
          .with("action", STRING)
          .with("eventTime", STRING)
          .with("series", object().with("count", INTEGER).with("lastObservedTime", STRING))
          .with("related", OBJECT_REFERENCE)
          .with("reportingInstance", STRING);

  /** {@code v1 Event}. */
  public static final Schema.ObjectOf EVENT =
      OF_ALL_EVENTS
          .with("involvedObject", OBJECT_REFERENCE)
          .with("message", STRING)
          .with("source", EVENT_SOURCE)
          .with("firstTimestamp", STRING)
          .with("lastTimestamp", STRING)
          .with("count", INTEGER)
          .with("reportingComponent", STRING);

  /** {@code events.k8s.io/v1 Event}. */
  public static final Schema.ObjectOf REGARDING_EVENT =
      OF_ALL_EVENTS
          .with("regarding", OBJECT_REFERENCE)
          .with("note", STRING)
          .with("deprecatedSource", EVENT_SOURCE)
          .with("deprecatedFirstTimestamp", STRING)
          .with("deprecatedLastTimestamp", STRING)
          .with("deprecatedCount", INTEGER)
          .with("reportingController", STRING);

  /** {@code coordination.k8s.io/v1 Lease}. */
  public static final Schema.ObjectOf LEASE =
      ofKind()
          .with(
              "spec",
              object()
                  .with("holderIdentity", STRING)
                  .with("leaseDurationSeconds", INTEGER)
                  .with("acquireTime", STRING)
                  .with("renewTime", STRING)
                  .with("leaseTransitions", INTEGER)
                  .with("strategy", STRING)
                  .with("preferredHolder", STRING));

  /** Removes what a kind does not have; fails with INVALID on values of a wrong type. */
  public static Findings prune(Schema.ObjectOf schema, ObjectNode object) {
    return SchemaCheck.findings(schema, object);
  }

  private KubernetesSchemas() {}
}
