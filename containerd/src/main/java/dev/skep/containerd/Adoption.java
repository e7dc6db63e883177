package dev.skep.containerd;

import containerd.services.containers.v1.ContainersOuterClass.Container;
import containerd.services.containers.v1.ContainersOuterClass.ListContainersRequest;
import dev.skep.host.Network;
import dev.skep.host.SandboxFolder;
import dev.skep.oci.OutputPipes;
import dev.skep.sandbox.SandboxSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The beginning of a daemon on a host where an earlier one may have ended in any way: containers
 * that run and were ready are taken over; whatever else is ours is removed.
 */
final class Adoption {
  private static final Logger LOG = LoggerFactory.getLogger(Adoption.class);

  private final ContainerHost host;

  Adoption(ContainerHost host) {
    this.host = host;
  }

  /** Those that were ready or paused. */
  List<ContainerSandbox> sandboxes() {
    var adopted = new ArrayList<ContainerSandbox>();
    List<SandboxFolder> left = host.host().left(ContainerRuntime.KIND);
    for (SandboxFolder folder : left) {
      adopt(folder)
          .ifPresentOrElse(
              adopted::add,
              () -> {
                host.task(folder.name()).destroy();
                host.reclaim(folder);
              });
    }
    Set<String> kept = new HashSet<>(adopted.stream().map(ContainerSandbox::id).toList());
    ours().stream().filter(id -> !kept.contains(id)).forEach(this::remove);
    host.images().removeUnused();
    return adopted;
  }

  private Optional<ContainerSandbox> adopt(SandboxFolder folder) {
    Optional<SandboxSpec> spec = folder.spec();
    SandboxFolder.HostPart part = folder.host().orElseThrow();
    if (spec.isEmpty() || part.pid() == 0) {
      return Optional.empty();
    }
    var sandbox =
        new ContainerSandbox(
            spec.get(),
            folder,
            host.host().networks().network(part.slot(), Network.Kind.PROCESS),
            host.task(folder.name()),
            OutputPipes.in(folder.path()),
            host);
    if (!sandbox.adopt()) {
      return Optional.empty();
    }
    var _ = host.images().acquire(spec.get().rootImage());
    sandbox.runsAs(part.pid());
    return Optional.of(sandbox.watch());
  }

  private void remove(String id) {
    LOG.info("Container {} belongs to no sandbox and is removed", id);
    host.task(id).destroy();
  }

  private List<String> ours() {
    var request =
        ListContainersRequest.newBuilder()
            .addFilters("labels.\"%s\"==\"%s\"".formatted(ContainerHost.OWNER_LABEL, host.owner()))
            .build();
    return host
        .containerd()
        .ask("containers", () -> host.containerd().containers().list(request))
        .getContainersList()
        .stream()
        .map(Container::getId)
        .toList();
  }
}
