package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Fifo;
import dev.skep.linux.ForeignRoot;
import dev.skep.linux.Launcher;
import dev.skep.linux.Launcher.Confinement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.node.ObjectNode;

/**
 * Firecracker, one process per guest, under KVM. It finds its files at fixed places of its own
 * root, where they are shown to it when they are known. The drive's place is in every snapshot, and
 * every clone has its own drive there.
 */
final class FirecrackerVmm implements Vmm {
  private static final long MIB = 1 << 20;
  private static final Duration CONFIGURATION = Duration.ofSeconds(10);

  /** A busy host may take long; a guest that is not there by then is faster booted. */
  private static final Duration LOAD = Duration.ofSeconds(20);

  /** What it opens by itself. */
  private static final List<Path> DEVICES =
      List.of(
          Path.of("/dev/kvm"),
          Path.of("/dev/net/tun"),
          Path.of("/dev/userfaultfd"),
          Path.of("/dev/urandom"));

  private static final Path IMAGE = Path.of("/image");
  private static final Path KERNEL = Path.of("/kernel");
  private static final Path INITRD = Path.of("/initrd");
  private static final Path STATE = Path.of("/state");
  private static final Path MEMORY = Path.of("/memory");
  private static final List<Path> PLACES = List.of(IMAGE, KERNEL, INITRD, STATE, MEMORY);

  private static final String DRIVE_ID = "image";
  private static final String DRIVE = "/drives/" + DRIVE_ID;
  private static final String INTERFACE_ID = "eth0";
  private static final String INTERFACE = "/network-interfaces/" + INTERFACE_ID;

  private final Firecracker firecracker;
  private final VmmLauncher launcher;
  private final Duration load;

  /**
   * @param programs where the launching program is put
   */
  FirecrackerVmm(Firecracker firecracker, Path programs) {
    this(firecracker, programs, LOAD);
  }

  /**
   * @param load how long a snapshot may take to be loaded
   */
  FirecrackerVmm(Firecracker firecracker, Path programs, Duration load) {
    this.firecracker = firecracker;
    this.launcher = new VmmLauncher(programs);
    this.load = load;
  }

  @Override
  public String description() {
    return "Firecracker " + firecracker.version() + ", " + Accelerator.KVM;
  }

  /** A few MiB are its own; the rest is for what it writes of a snapshot. */
  @Override
  public long overheadBytes() {
    return 96 * MIB;
  }

  @Override
  public Vm boot(VmConfig config) {
    FirecrackerVm vm = start(config);
    try {
      vm.configure(
          CONFIGURATION,
          api -> {
            ForeignRoot.show(
                vm.pid(),
                Map.of(IMAGE, config.drive(), KERNEL, config.kernel(), INITRD, config.initrd()));
            api.put("/machine-config", machine(config));
            api.put("/boot-source", bootSource(config));
            api.put(DRIVE, drive(config.limits()));
            api.put(INTERFACE, network(config));
            api.put("/actions", FirecrackerApi.body().put("action_type", "InstanceStart"));
            return true;
          });
      vm.times().log();
      return vm;
    } catch (SkepException e) {
      throw ended(vm, e, e.code(), "the guest was not started: ");
    }
  }

  /** Nothing of a snapshot is needed before it is loaded. */
  @Override
  public boolean waitsForAny() {
    return true;
  }

  @Override
  public WaitingVm prepare(VmConfig config, VmSnapshot snapshot) {
    FirecrackerVm vm = start(config);
    return new WaitingVm(vm, chosen -> load(vm, config, chosen));
  }

  /** The state has the limits of the guest that was saved, which are of another day or host. */
  private void load(FirecrackerVm vm, VmConfig config, VmSnapshot snapshot) {
    DeviceLimits limits = config.limits();
    try {
      vm.configure(
          load,
          api -> {
            ForeignRoot.show(vm.pid(), files(snapshot));
            // before any other setting: it loads into a process that has none only
            api.put("/snapshot/load", loading(config, snapshot));
            api.patch(DRIVE, limitedDrive(FirecrackerApi.body().put("drive_id", DRIVE_ID), limits));
            api.patch(
                INTERFACE,
                limitedNetwork(FirecrackerApi.body().put("iface_id", INTERFACE_ID), limits));
            return true;
          });
      vm.times().log();
    } catch (SkepException e) {
      throw ended(vm, e, Code.INVALID, "the state was not loaded: ");
    }
  }

  private static Map<Path, Path> files(VmSnapshot snapshot) {
    return switch (snapshot.memory()) {
      case VmSnapshot.Memory.Mapped(Path file) ->
          Map.of(IMAGE, snapshot.drive(), STATE, snapshot.state(), MEMORY, file);
      case VmSnapshot.Memory.Paged _ -> Map.of(IMAGE, snapshot.drive(), STATE, snapshot.state());
    };
  }

  private ObjectNode loading(VmConfig config, VmSnapshot snapshot) {
    ObjectNode request = FirecrackerApi.body().put("snapshot_path", STATE.toString());
    ObjectNode memory = request.putObject("mem_backend");
    switch (snapshot.memory()) {
      case VmSnapshot.Memory.Mapped _ ->
          memory.put("backend_type", "File").put("backend_path", MEMORY.toString());
      case VmSnapshot.Memory.Paged(String socket) ->
          memory.put("backend_type", "Uffd").put("backend_path", socket);
    }
    request.put("resume_vm", false);
    if (firecracker.release().overridesNetworks()) {
      request
          .putArray("network_overrides")
          .addObject()
          .put("iface_id", INTERFACE_ID)
          .put("host_dev_name", config.network().tap());
    }
    return request;
  }

  private static ObjectNode machine(VmConfig config) {
    return FirecrackerApi.body()
        .put("vcpu_count", config.vcpus())
        .put("mem_size_mib", config.memoryBytes() / MIB);
  }

  private static ObjectNode bootSource(VmConfig config) {
    return FirecrackerApi.body()
        .put("kernel_image_path", KERNEL.toString())
        .put("initrd_path", INITRD.toString())
        .put("boot_args", String.join(" ", kernelArguments(config.kernelArguments())));
  }

  /** It has no PCI, of the keyboard controller only the reset, and no power switch. */
  static List<String> kernelArguments(List<String> common) {
    var arguments = new ArrayList<>(common);
    arguments.addAll(
        List.of(
            "console=ttyS0",
            "reboot=k",
            "pci=off",
            "i8042.noaux",
            "i8042.nomux",
            "i8042.nopnp",
            "i8042.dumbkbd"));
    return arguments;
  }

  private static ObjectNode drive(DeviceLimits limits) {
    ObjectNode drive =
        FirecrackerApi.body()
            .put("drive_id", DRIVE_ID)
            .put("path_on_host", IMAGE.toString())
            .put("is_root_device", false)
            .put("is_read_only", true);
    return limitedDrive(drive, limits);
  }

  private static ObjectNode network(VmConfig config) {
    ObjectNode network =
        FirecrackerApi.body()
            .put("iface_id", INTERFACE_ID)
            .put("host_dev_name", config.network().tap())
            .put("guest_mac", config.network().mac());
    return limitedNetwork(network, config.limits());
  }

  private static ObjectNode limitedDrive(ObjectNode drive, DeviceLimits limits) {
    ObjectNode limiter = drive.putObject("rate_limiter");
    limiter.set("bandwidth", bucket(limits.diskBandwidth()));
    limiter.set("ops", bucket(limits.diskOperations()));
    return drive;
  }

  private static ObjectNode limitedNetwork(ObjectNode network, DeviceLimits limits) {
    network.putObject("rx_rate_limiter").set("bandwidth", bucket(limits.netBandwidth()));
    network.putObject("tx_rate_limiter").set("bandwidth", bucket(limits.netBandwidth()));
    return network;
  }

  /** Of no limit, if it is empty. */
  private static ObjectNode bucket(long perSecond) {
    return FirecrackerApi.body()
        .put("size", perSecond)
        .put("refill_time", perSecond == 0 ? 0 : 1000);
  }

  private FirecrackerVm start(VmConfig config) {
    makeLog(config);
    makeMetrics(config);
    Confinement confinement =
        launcher
            .confinement(config, DEVICES, Optional.empty(), List.of())
            .withRoot(new Launcher.Root(firecracker.files(), PLACES));
    List<String> line =
        List.of(
            firecracker.program().toString(),
            "--id",
            VmConfig.processName(config.id()),
            "--api-sock",
            FirecrackerVm.API,
            "--log-path",
            VmConfig.VMM_LOG,
            "--level",
            "Warning",
            "--metrics-path",
            FirecrackerTimes.METRICS,
            // its first time is counted from here, by the same clock
            "--start-time-us",
            Long.toString(System.nanoTime() / 1000),
            "--start-time-cpu-us",
            "0");
    // what the guest says on its serial line comes out of the process itself
    Process process = launcher.start(config, line, confinement, VmConfig.CONSOLE);
    CompletableFuture<String> exit =
        process
            .onExit()
            .thenApply(ended -> new FirecrackerExit(config.folder()).reason(ended.exitValue()));
    return new FirecrackerVm(process.toHandle(), config.folder(), exit);
  }

  /** It neither appends to a log nor empties it, and some versions do not create it. */
  private static void makeLog(VmConfig config) {
    Path log = config.folder().resolve(VmConfig.VMM_LOG);
    try {
      Files.deleteIfExists(log);
      Files.createFile(log);
      give(log, config.user());
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, log + ": cannot be created: " + e, e);
    }
  }

  /** A pipe: a file would grow for as long as the guest lives. */
  private static void makeMetrics(VmConfig config) {
    Path metrics = config.folder().resolve(FirecrackerTimes.METRICS);
    try {
      Files.deleteIfExists(metrics);
      Fifo.make(metrics);
      give(metrics, config.user());
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, metrics + ": cannot be created: " + e, e);
    }
  }

  private static void give(Path file, long user) throws IOException {
    if (user != 0) {
      Files.setAttribute(file, "unix:uid", (int) user);
    }
  }

  /** After a refusal it may have ended, be about to, or be of no use: it is killed in any case. */
  private static SkepException ended(
      FirecrackerVm vm, SkepException why, Code code, String introduction) {
    String refusal = String.valueOf(why.getMessage());
    String words = why.code() == Code.UNAVAILABLE ? vm.lastWords(refusal) : refusal;
    vm.kill();
    return new SkepException(code, introduction + words, why);
  }
}
