package dev.skep.control;

import dev.skep.api.InstanceField;
import dev.skep.api.RevisionKey;
import dev.skep.api.SkepAnnotations;
import dev.skep.image.Image;
import dev.skep.sandbox.Mount;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** From a revision to the sandbox of one instance, and back from its labels; pure. */
public final class SandboxSpecs {
  /** The label of sandboxes that are a pod of that name, and no instance of a function. */
  public static final String POD = "skep.dev/pod";

  private static final int LONGEST_HOSTNAME = 63;

  /** What a sandbox's labels say about whose it is. */
  record Owner(RevisionKey revision, String uid, String startId, String createdAt) {}

  private SandboxSpecs() {}

  /** What will run, or why nothing can. */
  static Optional<ProcessSpec> process(
      Revision revision, Image image, Map<String, String> variables) {
    Revision.Identity identity = revision.identity;
    var names =
        new Processes.Names(identity.service(), identity.configuration(), revision.key().name());
    return Processes.merge(image.config(), revision.spec, variables, names);
  }

  static StartFailure noCommand(Revision revision) {
    return StartFailure.of(
        Reason.IMAGE,
        "image %s has neither entrypoint nor cmd, and the service names no command (expected: one of them)"
            .formatted(revision.spec.image()));
  }

  public static String noRuntime(String kind, List<String> there) {
    return "sandbox %s: this host has none (it has: %s)".formatted(kind, String.join(", ", there));
  }

  static SandboxSpec of(
      Instance instance,
      String kind,
      Image image,
      ProcessSpec process,
      List<Mount> mounts,
      Duration deadline,
      Path logFile) {
    Revision revision = instance.revision;
    return new SandboxSpec(
        instance.id,
        hostname(revision.key().name(), instance.id),
        labels(instance, kind),
        image.erofs(),
        image.digest(),
        process,
        revision.spec.resources(),
        revision.spec.port(),
        revision.spec.readiness(),
        revision.progressDeadline.orElse(deadline),
        NetworkPolicy.DEFAULT,
        logFile,
        Addresses.searchDomains(revision.key().namespace()),
        mounts);
  }

  /**
   * What an instance is told of itself, with the labels that Knative gives to a revision's pods.
   *
   * @param node name of this host
   */
  static InstanceField.Instance self(Instance instance, String node) {
    Revision.Identity revision = instance.revision.identity;
    return new InstanceField.Instance(
        hostname(revision.key().name(), instance.id),
        revision.key().namespace(),
        UUID.nameUUIDFromBytes(instance.id.getBytes(StandardCharsets.UTF_8)).toString(),
        node,
        podLabels(revision),
        instance.revision.spec.annotations());
  }

  /** The revision's, and those that Knative gives to its pods. */
  static Map<String, String> podLabels(Revision.Identity revision) {
    var labels = new HashMap<>(revision.labels());
    labels.remove(Keys.ROUTING_STATE);
    labels.put("app", revision.key().name());
    labels.put("serving.knative.dev/revision", revision.key().name());
    labels.put("serving.knative.dev/revisionUID", revision.uid());
    return labels;
  }

  private static String hostname(String revision, String id) {
    int room = LONGEST_HOSTNAME - 1 - id.length();
    return revision.substring(0, Math.min(room, revision.length())) + "-" + id;
  }

  private static Map<String, String> labels(Instance instance, String kind) {
    Revision.Identity revision = instance.revision.identity;
    var labels = new HashMap<String, String>();
    labels.put(SkepAnnotations.SANDBOX, kind);
    labels.put("skep.dev/namespace", revision.key().namespace());
    labels.put("skep.dev/service", revision.application());
    labels.put("skep.dev/service-uid", revision.ownerUid());
    labels.put("skep.dev/revision", revision.key().name());
    labels.put("skep.dev/start", instance.startId);
    labels.put("skep.dev/created", instance.createdAt.toString());
    return labels;
  }

  /** Of which it is. */
  static String kind(SandboxSpec spec) {
    return spec.labels().getOrDefault(SkepAnnotations.SANDBOX, "");
  }

  static Owner owner(Map<String, String> labels) {
    return new Owner(
        new RevisionKey(
            labels.getOrDefault("skep.dev/namespace", ""),
            labels.getOrDefault("skep.dev/revision", "")),
        labels.getOrDefault("skep.dev/service-uid", ""),
        labels.getOrDefault("skep.dev/start", ""),
        labels.getOrDefault("skep.dev/created", Instant.EPOCH.toString()));
  }
}
