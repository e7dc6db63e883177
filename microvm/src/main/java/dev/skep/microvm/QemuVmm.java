package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Bundled;
import dev.skep.linux.Launcher;
import dev.skep.linux.Launcher.Confinement;
import dev.skep.linux.ProcessWatch;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** QEMU's {@code microvm} machine, one process per guest. */
final class QemuVmm implements Vmm {
  private static final long MIB = 1 << 20;

  /** No file that QEMU writes, the console's above all, can fill the disk. */
  private static final long MAX_FILE_BYTES = 64 * MIB;

  private static final Path USERFAULTFD = Path.of("/dev/userfaultfd");

  private final Qemu qemu;
  private final Accelerator accelerator;
  private final Launcher launcher;
  private final Path memoryLibrary;
  private final ProcessWatch watch;

  /**
   * @param programs where the launching program and the preloaded library are put
   */
  QemuVmm(Qemu qemu, Accelerator accelerator, Path programs, ProcessWatch watch) {
    this.qemu = qemu;
    this.accelerator = accelerator;
    this.launcher = Launcher.in(programs);
    this.memoryLibrary = Bundled.unpack(QemuVmm.class, "memory.so", programs);
    this.watch = watch;
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
        confinement(config, List.of(config.drive(), config.kernel(), config.initrd()), Map.of());
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

  /** The library in {@code memory.c} says what it is told by the variables. */
  @Override
  public Vm restore(VmConfig config, VmSnapshot snapshot) {
    int library = 1;
    int state = 2;
    int memory = 3;
    Path source =
        switch (snapshot.memory()) {
          case VmSnapshot.Memory.Mapped(Path file) -> file;
          case VmSnapshot.Memory.Paged _ -> USERFAULTFD;
        };
    List<Path> files = List.of(config.drive(), memoryLibrary, snapshot.state(), source);
    Confinement numbers = confinement(config, files, Map.of());
    var variables = new HashMap<String, String>();
    variables.put("LD_PRELOAD", "/proc/self/fd/" + numbers.descriptor(library));
    variables.put("SKEP_MEMORY_BYTES", Long.toString(config.memoryBytes()));
    String descriptor = Integer.toString(numbers.descriptor(memory));
    switch (snapshot.memory()) {
      case VmSnapshot.Memory.Mapped _ -> variables.put("SKEP_MEMORY_FD", descriptor);
      case VmSnapshot.Memory.Paged(String socket) -> {
        variables.put("SKEP_USERFAULTFD_FD", descriptor);
        variables.put("SKEP_PAGER", socket);
      }
    }
    QemuVm vm =
        start(
            config,
            confinement(config, files, variables),
            commandLine().ofIncoming(config, Launcher.FIRST_FD, numbers.descriptor(0)));
    try {
      vm.load(numbers.descriptor(state));
      return vm;
    } catch (RuntimeException e) {
      vm.kill();
      throw e;
    }
  }

  private QemuVm start(VmConfig config, Confinement confinement, List<String> line) {
    Path log = config.folder().resolve(VmConfig.VMM_LOG);
    Process process = launcher.start(line, confinement, config.folder(), log);
    CompletableFuture<String> exit =
        process.onExit().thenApply(ended -> QemuVm.reason(ended.exitValue(), log));
    return new QemuVm(process.toHandle(), exit);
  }

  private Confinement confinement(
      VmConfig config, List<Path> files, Map<String, String> variables) {
    return new Confinement(
        config.cgroupFiles(),
        Optional.of(config.network().namespace()),
        Optional.of(config.network().tap()),
        files,
        variables,
        Math.max(MAX_FILE_BYTES, config.memoryBytes()),
        config.user(),
        accelerator == Accelerator.KVM ? qemu.kvmGroup() : config.user());
  }

  private QemuCommandLine commandLine() {
    return new QemuCommandLine(qemu.program().toString(), accelerator);
  }

  @Override
  public Vm attach(long pid) {
    return new QemuVm(
        ProcessHandle.of(pid).orElseThrow(() -> gone(pid)),
        watch.onExit(pid).thenApply(_ -> "VMM ended"));
  }

  private static SkepException gone(long pid) {
    return new SkepException(Code.NOT_FOUND, "VMM process " + pid + ": gone");
  }
}
