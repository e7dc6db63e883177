package dev.skep.microvm;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.sandbox.Mount;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxSpec;
import java.util.List;

/**
 * What the agent needs to run a function. Time and entropy are added when it is sent.
 *
 * @param nameservers IPv4 addresses for {@code /etc/resolv.conf}; empty leaves the guest without
 *     DNS
 * @param searchDomains in which a name with fewer than five dots is looked for first
 * @param limits become the function's cgroup limits inside the guest; the guest itself is larger
 * @param readiness ports of 0 mean {@code port}
 */
record AgentConfig(
    String hostname,
    List<String> nameservers,
    List<String> searchDomains,
    ProcessSpec process,
    Resources limits,
    Probe readiness,
    int port,
    List<Mount> mounts) {
  AgentConfig {
    nameservers = List.copyOf(nameservers);
    searchDomains = List.copyOf(searchDomains);
    mounts = List.copyOf(mounts);
  }

  static AgentConfig of(SandboxSpec spec, List<String> nameservers) {
    return new AgentConfig(
        spec.hostname(),
        nameservers,
        spec.searchDomains(),
        spec.process(),
        spec.resources(),
        spec.readiness(),
        spec.port(),
        spec.mounts());
  }
}
