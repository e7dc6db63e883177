package dev.skep.host;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Cgroups;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.SandboxSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parts of the host that all sandboxes of a daemon share. What is ours is known by the state
 * folder, from which all names are derived; what a sandbox has is known by its folder.
 */
public final class Host implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Host.class);

  private final HostConfig config;
  private final GuestNetworks networks;
  private final Optional<Cgroups> cgroups;
  private final List<SandboxFolder> left;

  private Host(
      HostConfig config,
      GuestNetworks networks,
      Optional<Cgroups> cgroups,
      List<SandboxFolder> left) {
    this.config = config;
    this.networks = networks;
    this.cgroups = cgroups;
    this.left = List.copyOf(left);
  }

  /**
   * Sets the host up, and removes what an earlier daemon has left there for no sandbox. Whatever
   * belongs to one, running or not, stays for the runtime of its kind: see {@link #left}. Needs
   * root.
   */
  public static Host open(HostConfig config) {
    List<SandboxFolder> left = folders(config.sandboxes());
    Map<Integer, NetworkPolicy> used = new HashMap<>();
    for (SandboxFolder folder : left) {
      folder.host().ifPresent(part -> used.put(part.slot(), policy(folder)));
    }
    GuestNetworks networks = GuestNetworks.open(config, used);
    var cgroups = Cgroups.probe("skep-" + GuestNetworks.tag(config.state()));
    Set<String> names = new HashSet<>(left.stream().map(SandboxFolder::name).toList());
    cgroups.ifPresent(
        groups ->
            groups.list().stream().filter(name -> !names.contains(name)).forEach(groups::remove));
    return new Host(config, networks, cgroups, left);
  }

  public Path state() {
    return config.state();
  }

  /** Holds a folder for each sandbox. */
  public Path sandboxes() {
    return config.sandboxes();
  }

  public GuestNetworks networks() {
    return networks;
  }

  /** Empty where the host has none that can be used: then there are no limits. */
  public Optional<Cgroups> cgroups() {
    return cgroups;
  }

  /**
   * Folders of this kind that were there when the host was opened. Each of them is to be adopted,
   * or to be given to {@link #reclaim} once its processes have ended.
   */
  public List<SandboxFolder> left(String kind) {
    return left.stream()
        .filter(folder -> folder.host().filter(part -> kind.equals(part.kind())).isPresent())
        .toList();
  }

  /** Removes all that a sandbox of an earlier daemon still has here. */
  public void reclaim(SandboxFolder folder) {
    LOG.info("Sandbox {} was left by an earlier daemon and is removed", folder.name());
    NetworkPolicy policy = policy(folder);
    folder
        .host()
        .ifPresent(
            part -> networks.release(networks.network(part.slot(), Network.Kind.MACHINE), policy));
    cgroups.ifPresent(groups -> groups.remove(folder.name()));
    Folders.delete(folder.path());
  }

  /** What a sandbox has used, by its cgroup where there is one. */
  public Cgroups.Usage usage(String name, long pid) {
    return cgroups
        .map(groups -> groups.usage(name))
        .orElseGet(
            () -> new Cgroups.Usage(HostProcess.cpuNanos(pid), HostProcess.residentBytes(pid)));
  }

  /** Whether its cgroup has killed for lack of memory. */
  public boolean outOfMemory(String name) {
    return cgroups.map(groups -> groups.outOfMemory(name)).orElse(false);
  }

  /** Close the runtimes first. Where no sandbox is left, the host becomes what it was. */
  @Override
  public void close() {
    boolean last = names(config.sandboxes()).findAny().isEmpty();
    networks.close(last);
    cgroups.filter(_ -> last).ifPresent(Cgroups::removeEmptyParent);
  }

  private static NetworkPolicy policy(SandboxFolder folder) {
    return folder.spec().map(SandboxSpec::network).orElse(NetworkPolicy.DEFAULT);
  }

  /** Those whose making had not come so far that there is anything beside them are removed. */
  private static List<SandboxFolder> folders(Path root) {
    try {
      Files.createDirectories(root);
    } catch (IOException e) {
      throw new SkepException(
          Code.INVALID, "state folder " + root.getParent() + ": cannot be made: " + e, e);
    }
    var found = new ArrayList<SandboxFolder>();
    for (String name : names(root).toList()) {
      var folder = new SandboxFolder(root.resolve(name));
      if (folder.host().isPresent()) {
        found.add(folder);
      } else {
        LOG.info("Sandbox {} was never made to its end and is removed", name);
        Folders.delete(folder.path());
      }
    }
    return found;
  }

  private static Stream<String> names(Path root) {
    String[] names = root.toFile().list();
    return Stream.of(names == null ? new String[0] : names);
  }
}
