package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Bundled;
import dev.skep.linux.Launcher;
import dev.skep.linux.Launcher.Confinement;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** QEMU's {@code microvm} machine, one process per guest. */
final class QemuVmm implements Vmm {
  private static final long MIB = 1 << 20;

  private static final Path KVM = Path.of("/dev/kvm");
  private static final Path USERFAULTFD = Path.of("/dev/userfaultfd");

  private final Qemu qemu;
  private final Accelerator accelerator;
  private final VmmLauncher launcher;
  private final Path memoryLibrary;

  /**
   * @param programs where the launching program and the preloaded library are put
   */
  QemuVmm(Qemu qemu, Accelerator accelerator, Path programs) {
    this.qemu = qemu;
    this.accelerator = accelerator;
    this.launcher = new VmmLauncher(programs);
    this.memoryLibrary = Bundled.unpack(QemuVmm.class, "memory.so", programs);
  }

  @Override
  public String description() {
    return "QEMU " + qemu.version() + ", " + accelerator;
  }

  @Override
  public long overheadBytes() {
    return accelerator == Accelerator.KVM ? 96 * MIB : 320 * MIB;
  }

  @Override
  public Vm boot(VmConfig config) {
    Confinement confinement =
        confinement(config, List.of(config.drive(), config.kernel(), config.initrd()));
    return start(
        config,
        confinement,
        commandLine()
            .of(
                config,
                new QemuCommandLine.Descriptors(
                    Launcher.FIRST_FD,
                    confinement.descriptor(0),
                    confinement.descriptor(1),
                    confinement.descriptor(2))));
  }

  /** It takes its drive and its memory when it starts. */
  @Override
  public boolean waitsForAny() {
    return false;
  }

  @Override
  public WaitingVm prepare(VmConfig config, VmSnapshot snapshot) {
    int drive = 0;
    int library = 1;
    int state = 2;
    int memory = 3;
    Path source =
        switch (snapshot.memory()) {
          case VmSnapshot.Memory.Mapped(Path file) -> file;
          case VmSnapshot.Memory.Paged _ -> USERFAULTFD;
        };
    Confinement files =
        confinement(config, List.of(snapshot.drive(), memoryLibrary, snapshot.state(), source));
    Map<String, String> variables =
        forLibrary(config, files.descriptor(library), files.descriptor(memory), snapshot.memory());
    QemuVm vm =
        start(
            config,
            files.withEnvironment(variables),
            commandLine().ofIncoming(config, Launcher.FIRST_FD, files.descriptor(drive)));
    return new WaitingVm(vm, _ -> vm.load(files.descriptor(state)));
  }

  /** What {@code memory.c} reads. */
  private static Map<String, String> forLibrary(
      VmConfig config, int library, int source, VmSnapshot.Memory memory) {
    var variables = new HashMap<String, String>();
    variables.put("LD_PRELOAD", "/proc/self/fd/" + library);
    variables.put("SKEP_MEMORY_BYTES", Long.toString(config.memoryBytes()));
    switch (memory) {
      case VmSnapshot.Memory.Mapped _ -> variables.put("SKEP_MEMORY_FD", Integer.toString(source));
      case VmSnapshot.Memory.Paged(String socket) -> {
        variables.put("SKEP_USERFAULTFD_FD", Integer.toString(source));
        variables.put("SKEP_PAGER", socket);
      }
    }
    return variables;
  }

  private QemuVm start(VmConfig config, Confinement confinement, List<String> line) {
    if (config.limits().netBandwidth() > 0) {
      throw new SkepException(
          Code.UNSUPPORTED,
          "microvm.netBandwidth: QEMU does not limit the network (expected: 0, or Firecracker)");
    }
    Process process = launcher.start(config, line, confinement, VmConfig.VMM_LOG);
    Path log = config.folder().resolve(VmConfig.VMM_LOG);
    CompletableFuture<String> exit =
        process.onExit().thenApply(ended -> QemuVm.reason(ended.exitValue(), log));
    return new QemuVm(process.toHandle(), exit);
  }

  private Confinement confinement(VmConfig config, List<Path> files) {
    return launcher.confinement(
        config,
        accelerator == Accelerator.KVM ? List.of(KVM) : List.of(),
        Optional.of(config.network().tap()),
        files);
  }

  private QemuCommandLine commandLine() {
    return new QemuCommandLine(qemu.program().toString(), accelerator);
  }
}
