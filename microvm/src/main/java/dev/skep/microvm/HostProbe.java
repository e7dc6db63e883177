package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.host.HostNetwork;
import dev.skep.linux.Cgroups;
import dev.skep.linux.Command;
import dev.skep.linux.Userfaultfd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** What this host offers to microVMs, found by trying and not by the presence of files. */
public final class HostProbe {
  private static final String INSTALL = "apt-get install ";

  private final Path cache;

  /**
   * @param cache where kernels and earlier verdicts are kept
   */
  public HostProbe(Path cache) {
    this.cache = cache;
  }

  /** Takes up to some seconds the first time after a boot of the host; changes nothing on it. */
  public List<Capability> capabilities() {
    Optional<Qemu> qemu = Qemu.find();
    Optional<HostVmm.Finding> firecracker = firecracker();
    boolean used = firecracker.filter(HostVmm.Finding.Usable.class::isInstance).isPresent();
    var found = new ArrayList<Capability>();
    found.add(guarded("root", HostProbe::root));
    found.add(firecracker(firecracker));
    found.add(guarded("qemu", () -> qemu(qemu, used)));
    found.add(guarded("guest kernel", this::kernel));
    found.add(guarded("kvm", () -> kvm(qemu, used)));
    found.add(guarded("tcg", () -> tcg(qemu)));
    found.add(guarded("tap devices", HostProbe::tap));
    found.add(guarded("network namespaces", HostProbe::namespaces));
    found.add(guarded("nftables", HostProbe::nftables));
    found.add(guarded("cgroups", HostProbe::cgroups));
    found.add(guarded("userfaultfd", HostProbe::userfaultfd));
    found.add(guarded("fuse", () -> fileSystem("fuse", "lazy images will need it")));
    found.add(
        guarded(
            "erofs",
            () -> fileSystem("erofs", "guests bring their own; only host mounts need it")));
    found.add(tool("ip", "iproute2", "-V"));
    found.add(tool("nsenter", "util-linux", "-V"));
    found.add(tool("apt-get", "apt", "--version"));
    found.add(tool("dpkg-deb", "dpkg", "--version"));
    found.add(tool("xz", "xz-utils", "--version"));
    return List.copyOf(found);
  }

  /** A probe that itself breaks is an answer too. */
  private static Capability guarded(String name, Supplier<Capability> probe) {
    try {
      return probe.get();
    } catch (SkepException e) {
      return Capability.missing(name, String.valueOf(e.getMessage()), "see the message");
    }
  }

  private static Capability root() {
    String user = System.getProperty("user.name");
    return user.equals("root")
        ? Capability.ok("root", "running as root")
        : Capability.missing(
            "root", "running as " + user, "run as root: namespaces, taps and rules need it");
  }

  /** Empty without a guest kernel: nothing can be found out then. */
  private Optional<HostVmm.Finding> firecracker() {
    return new KernelStore(cache)
        .cached()
        .map(
            kernel ->
                HostVmm.installed(cache)
                    .finding(kernel.vmlinux(), Initrd.ensure(cache.resolve("initrd"), kernel)));
  }

  /** Guests run under QEMU without it, so nothing about it is ever missing. */
  private static Capability firecracker(Optional<HostVmm.Finding> finding) {
    return switch (finding.orElse(null)) {
      case null -> Capability.ok("firecracker", "not probed: no guest kernel yet");
      case HostVmm.Finding.Usable(Firecracker found) ->
          Capability.ok(
              "firecracker", found.version() + ", " + found.program() + ", runs the guests");
      case HostVmm.Finding.Absent() ->
          Capability.ok("firecracker", "not installed: guests run under QEMU");
      case HostVmm.Finding.Unusable(String why) ->
          Capability.warn(
              "firecracker",
              "not used: " + why,
              "nothing: guests run under QEMU; Firecracker "
                  + Firecracker.OLDEST
                  + " or later could run them where KVM works");
    };
  }

  private static Capability qemu(Optional<Qemu> qemu, boolean firecrackerUsed) {
    return qemu.map(found -> Capability.ok("qemu", found.version() + ", " + found.program()))
        .orElseGet(
            () ->
                firecrackerUsed
                    ? Capability.ok("qemu", "not installed: guests run under Firecracker")
                    : Capability.missing("qemu", "not installed", INSTALL + "qemu-system-x86"));
  }

  private Capability kernel() {
    return new KernelStore(cache)
        .cached()
        .map(kernel -> Capability.ok("guest kernel", kernel.version()))
        .orElseGet(
            () ->
                Capability.warn(
                    "guest kernel",
                    "none in the cache yet",
                    "nothing: the first start downloads Debian's cloud kernel with apt-get"));
  }

  private Capability kvm(Optional<Qemu> qemu, boolean firecrackerUsed) {
    if (firecrackerUsed) {
      return Capability.ok("kvm", "a guest booted under KVM, by Firecracker");
    }
    String slower = "functions run under TCG, some ten times slower; use a host with KVM for speed";
    Optional<GuestKernel> kernel = new KernelStore(cache).cached();
    if (qemu.isEmpty() || kernel.isEmpty()) {
      return Capability.warn("kvm", "not probed: no QEMU or no guest kernel yet", slower);
    }
    Path initrd = Initrd.ensure(cache.resolve("initrd"), kernel.get());
    KvmProbe.Verdict verdict =
        new KvmProbe(cache, qemu.get()).verdict(kernel.get().vmlinux(), initrd);
    return verdict.usable()
        ? Capability.ok("kvm", verdict.found())
        : Capability.warn("kvm", verdict.found(), slower);
  }

  private static Capability tcg(Optional<Qemu> qemu) {
    boolean has =
        qemu.map(found -> Command.of(found.program().toString(), "-accel", "help").run())
            .map(list -> list.contains("tcg"))
            .orElse(false);
    return has
        ? Capability.ok("tcg", "QEMU can translate guest code")
        : Capability.warn("tcg", "this QEMU cannot translate guest code", "KVM has to work then");
  }

  private static Capability tap() {
    return Files.isWritable(Path.of("/dev/net/tun"))
        ? Capability.ok("tap devices", "/dev/net/tun")
        : Capability.missing(
            "tap devices",
            "/dev/net/tun cannot be opened",
            "modprobe tun, or give it to this container");
  }

  private static Capability namespaces() {
    return tries(
        "network namespaces",
        Command.of("unshare", "--net", "true"),
        "can be made",
        "run as root, outside of a container that forbids it");
  }

  private static Capability nftables() {
    return tries(
        "nftables", Command.of("nft", "list", "tables"), "rules can be read", INSTALL + "nftables");
  }

  private static Capability tries(String name, Command command, String good, String todo) {
    Optional<Command.Result> result = command.tryRun();
    if (result.isEmpty()) {
      return Capability.missing(name, command.argv().getFirst() + ": not installed", todo);
    }
    return result.get().exitCode() == 0
        ? Capability.ok(name, good)
        : Capability.missing(name, result.get().output().strip(), todo);
  }

  private static Capability cgroups() {
    return Cgroups.probe("skep-probe")
        .map(groups -> Capability.ok("cgroups", "version " + groups.version()))
        .orElseGet(
            () ->
                Capability.warn(
                    "cgroups",
                    "no memory and CPU controllers that can be used",
                    "without them VMMs have no limits of their own; mount cgroup2"));
  }

  private static Capability userfaultfd() {
    return Userfaultfd.usable()
        ? Capability.ok("userfaultfd", "can be opened")
        : Capability.warn(
            "userfaultfd", "cannot be opened", "lazy restores of snapshots will need it");
  }

  private static Capability fileSystem(String name, String consequence) {
    boolean known =
        HostNetwork.read(Path.of("/proc/filesystems"))
            .lines()
            .anyMatch(line -> line.strip().endsWith(name));
    return known
        ? Capability.ok(name, "known to the kernel")
        : Capability.warn(name, "not known to the kernel", "modprobe " + name + "; " + consequence);
  }

  private static Capability tool(String name, String debianPackage, String versionOption) {
    return Command.of(name, versionOption)
        .tryRun()
        .map(result -> Capability.ok(name, firstLine(result.output())))
        .orElseGet(() -> Capability.missing(name, "not installed", INSTALL + debianPackage));
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("").strip();
  }
}
