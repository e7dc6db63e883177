package dev.skep.daemon;

import dev.skep.api.ApiJson;
import dev.skep.containerd.ContainerConfig;
import dev.skep.containerd.ContainerRuntime;
import dev.skep.gvisor.GvisorConfig;
import dev.skep.gvisor.GvisorRuntime;
import dev.skep.linux.Command;
import dev.skep.microvm.Capability;
import dev.skep.microvm.HostProbe;
import dev.skep.sandbox.Capabilities;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Tries what this host can do and prints it as JSON; {@code skep doctor} shows it to people. */
final class Doctor {
  private static final String APT = "apt-get install ";
  private static final long LITTLE_DISK = 2L << 30;

  private final DaemonOptions options;

  Doctor(DaemonOptions options) {
    this.options = options;
  }

  /** Exit code 0 when functions can run here, 1 when something that they need is missing. */
  int run() throws IOException, InterruptedException {
    List<Capability> found = probe();
    if (options.fix() && install(found)) {
      found = probe();
    }
    boolean works = found.stream().noneMatch(one -> one.verdict() == Capability.Verdict.MISSING);
    System.out.println(
        ApiJson.mapper().writeValueAsString(Map.of("works", works, "capabilities", found)));
    return works ? 0 : 1;
  }

  private List<Capability> probe() throws IOException {
    var all = new ArrayList<>(new HostProbe(Parts.cache()).capabilities());
    Capabilities gvisor = GvisorRuntime.probe(GvisorConfig.DEFAULT);
    boolean packaged = gvisor.detail().contains("bookworm-backports"); // none, or one too old
    all.add(
        kind(
            "gvisor",
            gvisor,
            packaged ? "'skep doctor --fix' installs it on Debian 12" : "see the message"));
    all.add(
        kind("containerd", ContainerRuntime.probe(ContainerConfig.DEFAULT), APT + "containerd"));
    all.add(claims());
    all.add(startUpCache());
    all.add(disk());
    return all;
  }

  /** Of sandboxes that are not the usual ones: nothing is missing without them. */
  private static Capability kind(String name, Capabilities found, String todo) {
    return found.available()
        ? new Capability(name, Capability.Verdict.OK, found.detail(), "")
        : new Capability(name, Capability.Verdict.WARN, found.detail(), todo);
  }

  /** Without a file system of its own a claim is a folder without a limit. */
  private static Capability claims() {
    if (!Files.exists(Path.of("/dev/loop-control"))) {
      return new Capability(
          "claims", Capability.Verdict.WARN, "no loop devices: nothing limits them", "");
    }
    return Command.of("mkfs.ext4", "-V").tryRun().isPresent()
        ? new Capability("claims", Capability.Verdict.OK, "ext4 in loop devices", "")
        : new Capability(
            "claims",
            Capability.Verdict.WARN,
            "no mkfs.ext4: nothing limits them",
            APT + "e2fsprogs");
  }

  private static Capability startUpCache() {
    boolean used =
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .anyMatch(argument -> argument.startsWith("-XX:AOTCache="));
    return used
        ? new Capability("start-up cache", Capability.Verdict.OK, "in use", "")
        : new Capability(
            "start-up cache",
            Capability.Verdict.WARN,
            "none: the daemon and the command line start more slowly",
            "see target/train.log, then touch pom.xml to build again");
  }

  private Capability disk() throws IOException {
    Path folder =
        Stream.iterate(options.state(), Path::getParent)
            .filter(Files::exists)
            .findFirst()
            .orElseThrow();
    long free = Files.getFileStore(folder).getUsableSpace();
    String found = (free >> 20) + " MiB free under " + folder;
    return free < LITTLE_DISK
        ? new Capability("disk", Capability.Verdict.WARN, found, "images need space: free some")
        : new Capability("disk", Capability.Verdict.OK, found, "");
  }

  /** Whether packages were installed. */
  private static boolean install(List<Capability> found) throws IOException, InterruptedException {
    var packages = new TreeSet<String>();
    for (Capability one : found) {
      if (one.verdict() != Capability.Verdict.OK && one.todo().startsWith(APT)) {
        System.err.println(
            "installing "
                + one.todo().substring(APT.length())
                + " for "
                + one.name()
                + ": "
                + one.found());
        packages.add(one.todo().substring(APT.length()));
      }
    }
    if (packages.isEmpty()) {
      System.err.println("nothing that apt could install is missing");
      return false;
    }
    apt(List.of("update")); // old lists may do
    return apt(
        Stream.concat(Stream.of("install", "-y", "--no-install-recommends"), packages.stream())
            .toList());
  }

  private static boolean apt(List<String> arguments) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"));
    command.addAll(arguments);
    var apt =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.to(Path.of("/dev/stderr").toFile()))
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    apt.environment().put("DEBIAN_FRONTEND", "noninteractive");
    int code = apt.start().waitFor();
    if (code != 0) {
      System.err.println("apt-get " + arguments.getFirst() + " failed with exit code " + code);
    }
    return code == 0;
  }
}
