package dev.skep.microvm;

import dev.skep.host.AddressPlan;
import dev.skep.host.GuestNetworks;
import dev.skep.linux.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** What exists on the host that one daemon, known by its state folder, could have made. */
record HostObjects(Path state) {
  /** A folder for each link that daemons switched on, and in it a file of each that needs it. */
  static final Path FORWARDING = Path.of("/run/skep/forwarding");

  /** All of them: a clean host gives an empty list. */
  List<String> all() {
    AddressPlan plan = GuestNetworks.plan(state);
    return Stream.of(
            names("/run/netns", plan.namespacePrefix()),
            names("/sys/class/net", plan.linkPrefix()),
            names(FORWARDING.toString(), "").flatMap(link -> names(link, plan.tag())),
            names("/sys/fs/cgroup/memory", "skep-" + plan.tag()),
            names("/sys/fs/cgroup", "skep-" + plan.tag()),
            Command.of("nft", "list", "tables").run().lines().filter(l -> l.contains(plan.table())),
            VmmProcess.below(state.resolve("sandboxes")).stream().map(pid -> "process " + pid),
            processes(pagerSocket()),
            names(state.resolve("sandboxes").toString(), ""))
        .flatMap(objects -> objects)
        .toList();
  }

  private String pagerSocket() {
    return state.resolve("pager.sock").toString();
  }

  /** Process id of the daemon's pager. */
  OptionalLong pager() {
    return ids(pagerSocket()).mapToLong(Long::longValue).findFirst();
  }

  /** The VMM of one machine. */
  Optional<ProcessHandle> vmm(String machine) {
    return VmmProcess.below(state.resolve("sandboxes")).stream()
        .filter(pid -> VmmProcess.isOf(pid, machine))
        .findFirst()
        .flatMap(ProcessHandle::of);
  }

  /** Those of one sandbox. */
  List<String> of(String id) {
    AddressPlan plan = GuestNetworks.plan(state);
    return Stream.of(
            names("/sys/fs/cgroup/memory/skep-" + plan.tag(), id),
            names("/sys/fs/cgroup/skep-" + plan.tag(), id),
            processes(VmConfig.processName(id)),
            names(state.resolve("sandboxes").toString(), id))
        .flatMap(objects -> objects)
        .toList();
  }

  private static Stream<String> processes(String name) {
    return ids(name).map(pid -> "process " + pid);
  }

  private static Stream<Long> ids(String argument) {
    return ProcessHandle.allProcesses()
        .map(ProcessHandle::pid)
        .filter(pid -> arguments(pid).contains(argument));
  }

  private static String arguments(long pid) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"));
    } catch (IOException e) {
      return "";
    }
  }

  private static Stream<String> names(String folder, String prefix) {
    String[] names = Path.of(folder).toFile().list();
    return Stream.of(names == null ? new String[0] : names)
        .filter(name -> name.startsWith(prefix))
        .map(name -> folder + "/" + name);
  }
}
