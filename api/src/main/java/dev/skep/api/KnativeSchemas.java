package dev.skep.api;

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

/** The shapes of Knative's kinds (serving.knative.dev), as far as they are served. */
final class KnativeSchemas {
  private static final Schema.ObjectOf METADATA =
      object()
          .with("name", STRING)
          .with("generateName", STRING)
          .with("namespace", STRING)
          .with("labels", map(STRING))
          .with("annotations", map(STRING))
          .with("uid", STRING)
          .with("resourceVersion", STRING)
          .with("generation", INTEGER)
          .with("creationTimestamp", STRING)
          .with("deletionTimestamp", STRING)
          .with("deletionGracePeriodSeconds", INTEGER)
          .with("ownerReferences", list(openObject()))
          .with("finalizers", list(STRING))
          .with("managedFields", list(openObject()))
          .with("selfLink", STRING);

  static final Schema.ObjectOf PROBE =
      object()
          .with("exec", object().with("command", list(STRING)))
          .with(
              "httpGet",
              object()
                  .with("path", STRING)
                  .with("port", INT_OR_STRING)
                  .with("host", STRING)
                  .with("scheme", STRING)
                  .with("httpHeaders", list(object().with("name", STRING).with("value", STRING))))
          .with("tcpSocket", object().with("port", INT_OR_STRING).with("host", STRING))
          .with("grpc", object().with("port", INTEGER).with("service", STRING))
          .with("initialDelaySeconds", INTEGER)
          .with("periodSeconds", INTEGER)
          .with("timeoutSeconds", INTEGER)
          .with("successThreshold", INTEGER)
          .with("failureThreshold", INTEGER)
          .with("terminationGracePeriodSeconds", INTEGER);

  static final Schema.ObjectOf SECURITY =
      object()
          .with("runAsUser", INTEGER)
          .ignoring(INTEGER, "runAsGroup")
          .ignoring(BOOLEAN, "runAsNonRoot", "readOnlyRootFilesystem", "allowPrivilegeEscalation")
          .ignoring(openObject(), "capabilities", "seccompProfile")
          .refusing("privileged", "procMount", "seLinuxOptions", "windowsOptions");

  static final Schema.ObjectOf REFERENCE = object().with("name", STRING).with("optional", BOOLEAN);

  static final Schema.ObjectOf CONTAINER =
      object()
          .with("name", STRING)
          .with("image", STRING)
          .with("command", list(STRING))
          .with("args", list(STRING))
          .with(
              "env",
              list(
                  object()
                      .with("name", STRING)
                      .with("value", STRING)
                      .with(
                          "valueFrom",
                          object()
                              .with("configMapKeyRef", REFERENCE.with("key", STRING))
                              .with("secretKeyRef", REFERENCE.with("key", STRING))
                              .with("fieldRef", VolumeSchemas.FIELD_REF)
                              .with("resourceFieldRef", VolumeSchemas.RESOURCE_FIELD_REF)
                              .refusing("fileKeyRef"))))
          .with(
              "envFrom",
              list(
                  object()
                      .with("prefix", STRING)
                      .with("configMapRef", REFERENCE)
                      .with("secretRef", REFERENCE)))
          .with("workingDir", STRING)
          .with(
              "ports",
              list(
                  object()
                      .with("containerPort", INTEGER)
                      .with("name", STRING)
                      .with("protocol", STRING)
                      .refusing("hostPort", "hostIP")))
          .with(
              "resources",
              object()
                  .with("requests", map(QUANTITY))
                  .with("limits", map(QUANTITY))
                  .refusing("claims"))
          .with("readinessProbe", PROBE)
          .with("livenessProbe", PROBE)
          .ignoring(PROBE, "startupProbe")
          .with("securityContext", SECURITY)
          .ignoring(STRING, "imagePullPolicy", "terminationMessagePath", "terminationMessagePolicy")
          .with("volumeMounts", VolumeSchemas.VOLUME_MOUNTS)
          .refusing("volumeDevices", "lifecycle")
          .refusing("stdin", "stdinOnce", "tty");

  private static final Schema.ObjectOf REVISION_SPEC =
      object()
          .with("containers", list(CONTAINER))
          .with("containerConcurrency", INTEGER)
          .with("timeoutSeconds", INTEGER)
          .with("responseStartTimeoutSeconds", INTEGER)
          .with("idleTimeoutSeconds", INTEGER)
          .with("enableServiceLinks", BOOLEAN)
          .with("runtimeClassName", STRING)
          .ignoring(STRING, "serviceAccountName")
          .ignoring(BOOLEAN, "automountServiceAccountToken")
          .ignoring(list(openObject()), "imagePullSecrets")
          .with("securityContext", SECURITY)
          .with("volumes", VolumeSchemas.VOLUMES)
          .refusing("initContainers", "nodeSelector", "affinity", "tolerations")
          .refusing("hostNetwork", "hostPID", "hostIPC", "hostAliases")
          .refusing("dnsPolicy", "dnsConfig", "hostname", "priorityClassName", "schedulerName")
          .refusing("topologySpreadConstraints", "shareProcessNamespace", "restartPolicy");

  /** Of a template, which makes no object by itself. */
  static final Schema.ObjectOf TEMPLATE_METADATA =
      openObject()
          .with("labels", map(STRING))
          .with("annotations", map(STRING))
          .with("creationTimestamp", STRING);

  private static final Schema.ObjectOf TEMPLATE =
      object()
          .with("metadata", TEMPLATE_METADATA.with("name", STRING).with("generateName", STRING))
          .with("spec", REVISION_SPEC);

  private static final Schema.ObjectOf TRAFFIC_TARGET =
      object()
          .with("tag", STRING)
          .with("revisionName", STRING)
          .with("configurationName", STRING)
          .with("latestRevision", BOOLEAN)
          .with("percent", INTEGER)
          .with("url", STRING);

  static final Schema.ObjectOf SERVICE =
      ofKind()
          .with("spec", object().with("template", TEMPLATE).with("traffic", list(TRAFFIC_TARGET)))
          .with("status", ANYTHING);

  static final Schema.ObjectOf CONFIGURATION =
      ofKind().with("spec", object().with("template", TEMPLATE)).with("status", ANYTHING);

  static final Schema.ObjectOf ROUTE =
      ofKind()
          .with("spec", object().with("traffic", list(TRAFFIC_TARGET)))
          .with("status", ANYTHING);

  static final Schema.ObjectOf REVISION =
      ofKind().with("spec", REVISION_SPEC).with("status", ANYTHING);

  static final Schema.ObjectOf DOMAIN_MAPPING =
      ofKind()
          .with(
              "spec",
              object()
                  .with(
                      "ref",
                      object()
                          .with("apiVersion", STRING)
                          .with("kind", STRING)
                          .with("namespace", STRING)
                          .with("name", STRING)
                          .with("group", STRING)
                          .with("address", STRING))
                  .with("tls", object().with("secretName", STRING)))
          .with("status", ANYTHING);

  private KnativeSchemas() {}

  /** What all kinds have. */
  static Schema.ObjectOf ofKind() {
    return object().with("apiVersion", STRING).with("kind", STRING).with("metadata", METADATA);
  }
}
