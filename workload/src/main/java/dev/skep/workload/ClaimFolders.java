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
import java.time.Duration;
import java.time.Instant;
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
 * workload thread; to make a file system, to repair it and to resize it are the executor's.
 */
final class ClaimFolders {
  private static final Logger LOG = LoggerFactory.getLogger(ClaimFolders.class);
  private static final ResourceKind KIND = ResourceKind.CLAIM;

  /** A claim with less of its space left is full. */
  private static final int LITTLE = 100;

  /** What could not be done is tried again after this time. */
  private static final Duration RETRY = Duration.ofSeconds(10);

  /** What is done for a claim, off this thread. */
  private enum Doing {
    NOTHING,
    PROVIDING,
    GROWING
  }

  /** One claim's work, and why the last did not succeed. */
  private static final class Work {
    Doing now = Doing.NOTHING;
    Optional<String> problem = Optional.empty();
    Instant retryAt = Instant.MIN;
  }

  private final Wiring wiring;
  private final Volumes volumes;
  private final Map<Path, Work> works = new HashMap<>();
  private final Map<Path, Pod.Key> known;

  ClaimFolders(Wiring wiring, Volumes volumes) {
    this.wiring = wiring;
    this.volumes = volumes;
    this.known = new HashMap<>(volumes.marked());
  }

  void reconcile() {
    var there = new HashSet<Path>();
    for (ApiObject claim : wiring.store().list(KIND, Optional.empty()).items()) {
      Path folder = volumes.place(claim);
      there.add(folder);
      known.putIfAbsent(folder, Pod.Key.of(claim));
      report(claim, look(claim, works.computeIfAbsent(folder, _ -> new Work())));
    }
    for (Path folder : List.copyOf(known.keySet())) {
      if (!there.contains(folder)) {
        giveUp(folder, Objects.requireNonNull(known.get(folder)));
      }
    }
  }

  private void giveUp(Path folder, Pod.Key claim) {
    try {
      volumes.mark(folder);
    } catch (SkepException e) {
      LOG.error("volume {} is not marked as one to be removed", folder, e);
    }
    Work work = works.getOrDefault(folder, new Work());
    if (work.now == Doing.NOTHING && !isUsed(claim)) {
      works.remove(folder);
      known.remove(folder);
      wiring.executor().execute(() -> delete(folder));
    }
  }

  /**
   * By a pod that is still there, or by a function that may have instances. The store has either
   * before anything asks for the folder.
   */
  private boolean isUsed(Pod.Key claim) {
    return wiring.store().list(ResourceKind.POD, Optional.of(claim.namespace())).items().stream()
            .anyMatch(pod -> PodObjects.read(pod).template.uses(claim.name()))
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

  /** What its status is to be, once all is begun that is to be done. */
  private ObjectNode look(ApiObject claim, Work work) {
    try {
      advance(claim, work);
      return status(claim, work);
    } catch (SkepException e) {
      return pending(Optional.of(String.valueOf(e.getMessage())));
    }
  }

  private static ObjectNode pending(Optional<String> problem) {
    ObjectNode status = ApiJson.object().put("phase", "Pending");
    problem.ifPresent(why -> Conditions.add(status, "Provisioned", "False", "Failed", why));
    return status;
  }

  /** Begins what is to be done for a claim, if nothing is. */
  private void advance(ApiObject claim, Work work) {
    if (work.now != Doing.NOTHING || wiring.clocks().now().isBefore(work.retryAt)) {
      return;
    }
    if (!volumes.isThere(claim)) {
      begin(Doing.PROVIDING, work, () -> volumes.ensure(claim));
    } else if (isSmall(claim) && !isUsed(Pod.Key.of(claim))) {
      begin(Doing.GROWING, work, () -> volumes.grow(claim, () -> !isUsed(Pod.Key.of(claim))));
    }
  }

  /** A folder without a limit is not. */
  private boolean isSmall(ApiObject claim) {
    OptionalLong capacity = volumes.capacity(claim);
    return capacity.isPresent() && capacity.getAsLong() < Volumes.size(claim);
  }

  private void begin(Doing what, Work work, Runnable task) {
    work.now = what;
    wiring
        .executor()
        .execute(
            () -> {
              Optional<String> problem = problemOf(task);
              wiring.mailbox().post(() -> done(work, problem));
            });
  }

  private static Optional<String> problemOf(Runnable task) {
    try {
      task.run();
      return Optional.empty();
    } catch (SkepException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.error("work for a claim broke", e);
      return Optional.of(e.toString());
    }
  }

  private void done(Work work, Optional<String> problem) {
    work.now = Doing.NOTHING;
    work.problem = problem;
    if (problem.isPresent()) {
      work.retryAt = wiring.clocks().now().plus(RETRY);
      wiring.mailbox().after(RETRY, wiring.changed());
    }
    wiring.changed().run();
  }

  private ObjectNode status(ApiObject claim, Work work) {
    if (work.now != Doing.GROWING && !volumes.isThere(claim)) {
      return pending(work.problem);
    }
    ObjectNode status = ApiJson.object();
    OptionalLong capacity = volumes.capacity(claim);
    status.put("phase", "Bound").set("accessModes", claim.spec().path("accessModes").deepCopy());
    status.putObject("capacity").put("storage", text(claim, capacity));
    if (work.now == Doing.GROWING) {
      Conditions.add(status, "Resizing", "True", "InProgress", "its file system is made larger");
      return status;
    }
    if (isSmall(claim)) {
      Conditions.add(status, "FileSystemResizePending", "True", "Resize", waits(claim, work));
    }
    limits(claim, capacity, status);
    return status;
  }

  private String waits(ApiObject claim, Work work) {
    return isUsed(Pod.Key.of(claim))
        ? "it grows once no pod and no function uses it (scale the Deployment to 0 and back)"
        : work.problem.orElse("it is about to grow");
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
