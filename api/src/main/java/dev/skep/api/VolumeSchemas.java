package dev.skep.api;

import static dev.skep.api.Schema.Scalar.BOOLEAN;
import static dev.skep.api.Schema.Scalar.INTEGER;
import static dev.skep.api.Schema.Scalar.QUANTITY;
import static dev.skep.api.Schema.Scalar.STRING;
import static dev.skep.api.Schema.list;
import static dev.skep.api.Schema.object;

/** The shapes of a pod's volumes, and of what it can be told of itself. */
final class VolumeSchemas {
  static final Schema.ObjectOf FIELD_REF =
      object().with("apiVersion", STRING).with("fieldPath", STRING);

  static final Schema.ObjectOf RESOURCE_FIELD_REF =
      object()
          .with("resource", STRING)
          .with("divisor", QUANTITY)
          .ignoring(STRING, "containerName"); // there is one

  private static final Schema ITEMS =
      list(object().with("key", STRING).with("path", STRING).refusing("mode"));

  private static final Schema.ObjectOf KEYS =
      object().with("name", STRING).with("items", ITEMS).with("optional", BOOLEAN);

  private static final Schema.ObjectOf SECRET =
      object().with("secretName", STRING).with("items", ITEMS).with("optional", BOOLEAN);

  private static final Schema.ObjectOf DOWNWARD =
      object()
          .with(
              "items",
              list(
                  object()
                      .with("path", STRING)
                      .with("fieldRef", FIELD_REF)
                      .with("resourceFieldRef", RESOURCE_FIELD_REF)
                      .refusing("mode")));

  private static final Schema.ObjectOf TOKEN =
      object().with("audience", STRING).with("expirationSeconds", INTEGER).with("path", STRING);

  private static final Schema SOURCES =
      list(
          object()
              .with("configMap", KEYS)
              .with("secret", KEYS)
              .with("downwardAPI", DOWNWARD)
              .with("serviceAccountToken", TOKEN)
              .refusing("clusterTrustBundle", "podCertificate"));

  /** {@code spec.volumes} of a pod. */
  static final Schema VOLUMES =
      list(
          object()
              .with("name", STRING)
              .with("configMap", KEYS.with("defaultMode", INTEGER))
              .with("secret", SECRET.with("defaultMode", INTEGER))
              .with("downwardAPI", DOWNWARD.with("defaultMode", INTEGER))
              .with("projected", object().with("sources", SOURCES).with("defaultMode", INTEGER))
              .with("emptyDir", object().with("medium", STRING).with("sizeLimit", QUANTITY))
              .with(
                  "persistentVolumeClaim",
                  object().with("claimName", STRING).with("readOnly", BOOLEAN))
              .refusing("hostPath", "nfs", "csi", "ephemeral", "image", "iscsi", "fc", "gitRepo")
              .refusing("awsElasticBlockStore", "azureDisk", "azureFile", "gcePersistentDisk")
              .refusing("cephfs", "cinder", "flexVolume", "flocker", "glusterfs", "rbd")
              .refusing("photonPersistentDisk", "portworxVolume", "quobyte", "scaleIO")
              .refusing("storageos", "vsphereVolume"));

  /** {@code volumeMounts} of a container. */
  static final Schema VOLUME_MOUNTS =
      list(
          object()
              .with("name", STRING)
              .with("mountPath", STRING)
              .with("subPath", STRING)
              .with("readOnly", BOOLEAN)
              .refusing("subPathExpr", "mountPropagation", "recursiveReadOnly"));

  private VolumeSchemas() {}
}
