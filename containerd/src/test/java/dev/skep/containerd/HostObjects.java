package dev.skep.containerd;

import dev.skep.host.GuestNetworks;
import dev.skep.host.HostProcess;
import dev.skep.linux.Mounts;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What exists on the host that one daemon, known by its state folder, could have made. */
record HostObjects(Path state) {
  /** All of them: a clean host gives an empty list. */
  List<String> all() {
    String tag = GuestNetworks.plan(state).tag();
    return Stream.of(
            names("/sys/fs/cgroup", "").flatMap(group -> names(group, "skep-" + tag)),
            names("/sys/fs/cgroup", "skep-" + tag),
            processes(state.resolve("containerd").toString()),
            Mounts.below(state).stream().map(Path::toString),
            names(state.resolve("sandboxes").toString(), ""))
        .flatMap(objects -> objects)
        .toList();
  }

  /** Those of one sandbox. */
  List<String> of(String id) {
    String tag = GuestNetworks.plan(state).tag();
    return Stream.of(
            names("/sys/fs/cgroup", "").flatMap(group -> names(group + "/skep-" + tag, id)),
            names("/sys/fs/cgroup/skep-" + tag, id),
            processes(id),
            Mounts.below(state).stream().map(Path::toString).filter(path -> path.contains(id)),
            names(state.resolve("sandboxes").toString(), id))
        .flatMap(objects -> objects)
        .toList();
  }

  Optional<ProcessHandle> shim(String id) {
    return ids(id)
        .filter(pid -> HostProcess.arguments(pid).contains("containerd-shim"))
        .flatMap(pid -> ProcessHandle.of(pid).stream())
        .findFirst();
  }

  private static Stream<String> processes(String argument) {
    return ids(argument).map(pid -> "process " + pid);
  }

  private static Stream<Long> ids(String argument) {
    return ProcessHandle.allProcesses()
        .map(ProcessHandle::pid)
        .filter(pid -> HostProcess.arguments(pid).contains(argument));
  }

  private static Stream<String> names(String folder, String prefix) {
    String[] names = Path.of(folder).toFile().list();
    return Stream.of(names == null ? new String[0] : names)
        .filter(name -> name.startsWith(prefix))
        .map(name -> folder + "/" + name);
  }
}
