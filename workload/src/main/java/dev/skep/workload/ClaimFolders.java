package dev.skep.workload;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.Conditions;
import dev.skep.api.Quantity;
import dev.skep.api.RevisionSpec;
import dev.skep.api.ServiceTemplates;
import dev.skep.api.SkepException;
import dev.skep.api.Volume;
import dev.skep.api.VolumeClaim;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The folders of claims: there before the claim is Bound, removed with it once no pod uses it. A
 * folder whose claim was lost in any other way stays: it is somebody's data. It belongs to the
 * workload thread.
 */
final class ClaimFolders {
  private static final Logger LOG = LoggerFactory.getLogger(ClaimFolders.class);
  private static final ResourceKind KIND = ResourceKind.CLAIM;

  /** A claim with less of its space left is full. */
  private static final int LITTLE = 100;

  private final Wiring wiring;
  private final Volumes volumes;
  private final Map<Path, Pod.Key> known;

  ClaimFolders(Wiring wiring, Volumes volumes) {
    this.wiring = wiring;
    this.volumes = volumes;
    this.known = new HashMap<>(volumes.marked());
  }

  void reconcile(Collection<Pod> pods) {
    var there = new HashSet<Path>();
    for (ApiObject claim : wiring.store().list(KIND, Optional.empty()).items()) {
      Path folder = volumes.place(claim);
      there.add(folder);
      known.putIfAbsent(folder, Pod.Key.of(claim));
      report(claim, provide(claim, pods));
    }
    for (Path folder : List.copyOf(known.keySet())) {
      if (!there.contains(folder)) {
        giveUp(folder, Objects.requireNonNull(known.get(folder)), pods);
      }
    }
  }

  private void giveUp(Path folder, Pod.Key claim, Collection<Pod> pods) {
    try {
      volumes.mark(folder);
    } catch (SkepException e) {
      LOG.error("volume {} is not marked as one to be removed", folder, e);
    }
    if (!isUsed(claim, pods)) {
      known.remove(folder);
      wiring.executor().execute(() -> delete(folder));
    }
  }

  /** By a pod that is still there, or by a function that may have instances. */
  private boolean isUsed(Pod.Key claim, Collection<Pod> pods) {
    return pods.stream()
            .filter(pod -> pod.key.namespace().equals(claim.namespace()))
            .anyMatch(pod -> pod.template.uses(claim.name()))
        || functions(claim.namespace())
            .flatMap(function -> function.mounts().stream())
            .anyMatch(
                mount ->
                    mount.volume() instanceof Volume.Claim(String name, _)
                        && name.equals(claim.name()));
  }

  /** Those that may start, and those that are about to be made. */
  private Stream<RevisionSpec> functions(String namespace) {
    Optional<String> there = Optional.of(namespace);
    ResourceStore store = wiring.store();
    return Stream.of(
            store.list(ResourceKind.REVISION, there).items().stream()
                .map(each -> ServiceTemplates.revision(annotations(each.json()), each.spec())),
            Stream.of(ResourceKind.KNATIVE_SERVICE, ResourceKind.CONFIGURATION)
                .flatMap(kind -> store.list(kind, there).items().stream())
                .map(each -> each.spec().path("template"))
                .map(each -> ServiceTemplates.revision(annotations(each), each.path("spec"))))
        .flatMap(each -> each);
  }

  private static JsonNode annotations(JsonNode object) {
    return object.path("metadata").path("annotations");
  }

  /** What the claim's status is to be. */
  private ObjectNode provide(ApiObject claim, Collection<Pod> pods) {
    ObjectNode status = ApiJson.object();
    try {
      volumes.ensure(claim);
      OptionalLong before = volumes.capacity(claim);
      Optional<String> growth = before.isPresent() ? grow(claim, pods) : Optional.empty();
      OptionalLong capacity = volumes.capacity(claim);
      status.put("phase", "Bound").set("accessModes", claim.spec().path("accessModes").deepCopy());
      status.putObject("capacity").put("storage", text(claim, capacity));
      growth.ifPresent(
          why -> Conditions.add(status, "FileSystemResizePending", "True", "Resize", why));
      limits(claim, capacity, status);
    } catch (SkepException e) {
      status.put("phase", "Pending");
      Conditions.add(status, "Provisioned", "False", "Failed", String.valueOf(e.getMessage()));
    }
    return status;
  }

  /** Why it is not as large as it is to be; empty if it is. */
  private Optional<String> grow(ApiObject claim, Collection<Pod> pods) {
    if (Volumes.size(claim) <= volumes.capacity(claim).orElseThrow()) {
      return Optional.empty();
    }
    if (isUsed(Pod.Key.of(claim), pods)) {
      return Optional.of(
          "it grows once no pod and no function uses it (scale the Deployment to 0 and back)");
    }
    try {
      volumes.grow(claim);
      return Optional.empty();
    } catch (SkepException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private void limits(ApiObject claim, OptionalLong capacity, ObjectNode status) {
    if (capacity.isEmpty()) {
      Conditions.add(
          status,
          "CapacityEnforced",
          "False",
          "PlainFolder",
          "capacity not enforced: its folder is one of the host's disk, made by an earlier version or where ext4 in a loop device cannot be had (see the daemon's log)");
    } else if (volumes.free(claim) < capacity.getAsLong() / LITTLE) {
      Conditions.add(
          status,
          "Full",
          "True",
          "NoSpaceLeft",
          "its pods' writes fail with \"no space left on device\" (expected: files removed, or a larger spec.resources.requests.storage)");
    }
  }

  /** As it was written, where that is what it got. */
  private static String text(ApiObject claim, OptionalLong capacity) {
    String asked = VolumeClaim.storage(claim);
    return capacity.isEmpty() || capacity.getAsLong() == Quantity.parse(asked).roundedUp()
        ? asked
        : new Quantity(BigDecimal.valueOf(capacity.getAsLong()), Quantity.Format.BINARY).toString();
  }

  private void report(ApiObject claim, ObjectNode wanted) {
    ObjectNode status = Conditions.withTimes(wanted, claim.status(), wiring.clocks().now());
    if (!status.equals(claim.status())) {
      LOG.info("claim {}: {}", Pod.Key.of(claim), status);
      try {
        wiring.store().updateStatus(KIND, claim.namespace(), claim.name(), _ -> status);
      } catch (SkepException e) {
        LOG.info("the status of claim {} was not written: {}", claim.name(), e.getMessage());
      }
    }
  }

  private void delete(Path folder) {
    try {
      volumes.delete(folder);
      LOG.info("volume {} was removed with its claim", folder);
    } catch (SkepException e) {
      LOG.error("volume {} could not be removed", folder, e);
    }
  }
}
