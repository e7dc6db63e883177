package dev.skep.daemon;

import dev.skep.containerd.ContainerRuntime;
import dev.skep.gvisor.GvisorRuntime;
import dev.skep.host.Host;
import dev.skep.host.HostConfig;
import dev.skep.microvm.MicroVmRuntime;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxRuntimes;
import dev.skep.workload.Workloads.ServiceNetwork;
import java.util.ArrayList;
import java.util.List;

/**
 * The runtimes of all kinds on this host, and its network. What a kind needs is looked for when it
 * is used.
 */
record HostRuntimes(SandboxRuntimes runtimes, ServiceNetwork network) {
  /** For a daemon that starts no sandboxes. */
  static HostRuntimes none() {
    return new HostRuntimes(SandboxRuntimes.only(new NoSandboxes()), _ -> {});
  }

  /**
   * @param shared the host that they share
   * @param life closes them, and the host after them
   */
  static HostRuntimes open(Parts parts, HostConfig shared, LifeCycle life) {
    DaemonConfig config = parts.config();
    Host host = life.started("host", Host.open(shared));
    List<SandboxRuntime> runtimes = new ArrayList<>();
    runtimes.add(life.started("microVMs", MicroVmRuntime.open(host, parts.microVm())));
    runtimes.add(life.started("gVisor", GvisorRuntime.open(host, config.gvisor())));
    runtimes.add(life.started("containers", ContainerRuntime.open(host, config.containerd())));
    return new HostRuntimes(
        new SandboxRuntimes(runtimes, config.instances().sandbox()), host.networks()::publish);
  }
}
