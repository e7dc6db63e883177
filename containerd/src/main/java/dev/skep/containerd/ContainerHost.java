package dev.skep.containerd;

import dev.skep.host.GuestNetworks;
import dev.skep.host.Host;
import dev.skep.host.SandboxFolder;
import dev.skep.linux.Mounts;
import java.nio.file.Path;

/** The parts of the host that all containers of a daemon share. */
record ContainerHost(Host host, Containerd containerd, ImageMounts images) {
  /** On each container, so that nobody takes those of another daemon for its own. */
  static final String OWNER_LABEL = "dev.skep/state";

  String owner() {
    return host.state().toString();
  }

  ContainerTask task(String id) {
    return new ContainerTask(containerd, id);
  }

  /** The cgroup that runc is to make: where all of this daemon's are. */
  String cgroupsPath(String id) {
    return "/skep-" + GuestNetworks.plan(host.state()).tag() + "/" + id;
  }

  /** What a container writes to its root: memory of its own, as in a microVM. */
  static Path disk(SandboxFolder folder) {
    return folder.path().resolve("disk");
  }

  /** All that is left of a sandbox whose processes have ended. */
  void reclaim(SandboxFolder folder) {
    Mounts.detach(disk(folder));
    host.reclaim(folder);
  }
}
