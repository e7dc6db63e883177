package dev.skep.workload;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.ServiceTemplates;
import dev.skep.api.SkepException;
import dev.skep.api.Volume;
import dev.skep.api.VolumeClaim;
import dev.skep.host.Folders;
import dev.skep.store.ResourceKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The folders of claims: {@code NAMESPACE/NAME-UID}, there before the claim is Bound, removed with
 * it once no pod uses it. A folder whose claim was lost in any other way stays: it is somebody's
 * data. It belongs to the workload thread.
 */
final class ClaimFolders {
  private static final Logger LOG = LoggerFactory.getLogger(ClaimFolders.class);
  private static final ResourceKind KIND = ResourceKind.CLAIM;

  private final Wiring wiring;
  private final Path root;
  private final Map<Path, Pod.Key> bound = new HashMap<>();

  ClaimFolders(Wiring wiring, Path root) {
    this.wiring = wiring;
    this.root = root;
  }

  void reconcile(Collection<Pod> pods) {
    var there = new HashSet<Path>();
    for (ApiObject claim : wiring.store().list(KIND, Optional.empty()).items()) {
      Path folder = Volumes.folder(root, claim);
      there.add(folder);
      if (bound.putIfAbsent(folder, Pod.Key.of(claim)) == null) {
        make(folder);
      }
      bind(claim);
    }
    List<Path> gone =
        bound.keySet().stream()
            .filter(folder -> !there.contains(folder))
            .filter(folder -> !isUsed(Objects.requireNonNull(bound.get(folder)), pods))
            .toList();
    for (Path folder : gone) {
      bound.remove(folder);
      wiring.executor().execute(() -> delete(folder));
    }
  }

  /** By a pod that is still there, or by a function that may have instances. */
  private boolean isUsed(Pod.Key claim, Collection<Pod> pods) {
    return pods.stream()
            .filter(pod -> pod.key.namespace().equals(claim.namespace()))
            .anyMatch(pod -> pod.template.uses(claim.name()))
        || wiring
            .store()
            .list(ResourceKind.KNATIVE_SERVICE, Optional.of(claim.namespace()))
            .items()
            .stream()
            .flatMap(service -> ServiceTemplates.revision(service).mounts().stream())
            .anyMatch(
                mount ->
                    mount.volume() instanceof Volume.Claim(String name, _)
                        && name.equals(claim.name()));
  }

  /**
   * Nobody else of the host gets past the root; inside, whatever user the process has may write.
   */
  private void make(Path folder) {
    try {
      Files.createDirectories(folder);
      Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    } catch (IOException e) {
      throw new UncheckedIOException("volume " + folder + ": " + e.getMessage(), e);
    }
  }

  private void bind(ApiObject claim) {
    ObjectNode status = ApiJson.object().put("phase", "Bound");
    status.set("accessModes", claim.spec().path("accessModes").deepCopy());
    status.putObject("capacity").put("storage", VolumeClaim.storage(claim));
    if (!status.equals(claim.status())) {
      try {
        wiring.store().updateStatus(KIND, claim.namespace(), claim.name(), _ -> status);
      } catch (SkepException e) {
        LOG.info("the status of claim {} was not written: {}", claim.name(), e.getMessage());
      }
    }
  }

  private static void delete(Path folder) {
    try {
      Folders.delete(folder);
      LOG.info("volume {} was removed with its claim", folder);
    } catch (SkepException e) {
      LOG.error("volume {} could not be removed", folder, e);
    }
  }
}
