package dev.skep.microvm;

import dev.skep.linux.Cgroups;
import dev.skep.linux.Cgroups.Usage;
import java.util.Optional;

/**
 * The parts of the host that all sandboxes of a daemon share.
 *
 * @param cgroups empty where the host has none that can be used: then there are no limits
 */
record SandboxHost(
    GuestNetworks networks,
    Optional<Cgroups> cgroups,
    Doorbell doorbell,
    HostPager pager,
    IdleVms idle) {
  Usage usage(String id, long pid) {
    return cgroups
        .map(groups -> groups.usage(id))
        .orElseGet(() -> new Usage(HostProcess.cpuNanos(pid), HostProcess.residentBytes(pid)));
  }

  boolean outOfMemory(String id) {
    return cgroups.map(groups -> groups.outOfMemory(id)).orElse(false);
  }
}
