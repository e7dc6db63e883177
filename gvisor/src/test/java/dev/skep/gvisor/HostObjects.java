package dev.skep.gvisor;

import dev.skep.host.AddressPlan;
import dev.skep.host.GuestNetworks;
import dev.skep.host.HostProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What exists on the host that one daemon, known by its state folder, could have made. */
record HostObjects(Path state) {
  /** All of them: a clean host gives an empty list. */
  List<String> all() {
    AddressPlan plan = GuestNetworks.plan(state);
    return Stream.of(
            names("/run/netns", plan.namespacePrefix()),
            names("/sys/class/net", plan.linkPrefix()),
            names("/sys/fs/cgroup/memory", "skep-" + plan.tag()),
            names("/sys/fs/cgroup", "skep-" + plan.tag()),
            processes(state.toString()),
            names(state.resolve("gvisor/runsc").toString(), "").filter(f -> f.endsWith(".state")),
            names(state.resolve("sandboxes").toString(), ""))
        .flatMap(objects -> objects)
        .toList();
  }

  /** Those of one sandbox. */
  List<String> of(String id) {
    AddressPlan plan = GuestNetworks.plan(state);
    return Stream.of(
            names("/sys/fs/cgroup/memory/skep-" + plan.tag(), id),
            names("/sys/fs/cgroup/skep-" + plan.tag(), id),
            processes(id),
            names(state.resolve("gvisor/runsc").toString(), id),
            names(state.resolve("sandboxes").toString(), id))
        .flatMap(objects -> objects)
        .toList();
  }

  private static Stream<String> processes(String argument) {
    return ProcessHandle.allProcesses()
        .map(ProcessHandle::pid)
        .filter(pid -> HostProcess.arguments(pid).contains(argument))
        .filter(pid -> pid != ProcessHandle.current().pid())
        .map(pid -> "process " + pid);
  }

  private static Stream<String> names(String folder, String prefix) {
    String[] names = Path.of(folder).toFile().list();
    return Stream.of(names == null ? new String[0] : names)
        .filter(name -> name.startsWith(prefix))
        .map(name -> folder + "/" + name);
  }
}
