package dev.skep.microvm;

import dev.skep.host.Host;

/** The parts of the host that all microVMs of a daemon share, and those of all sandboxes. */
record SandboxHost(Host host, Doorbell doorbell, HostPager pager, IdleVms<Restoration> idle) {}
