package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Launcher;
import dev.skep.linux.Launcher.Confinement;
import dev.skep.linux.ProcessWatch;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** QEMU's {@code microvm} machine, one process per guest. */
final class QemuVmm implements Vmm {
  private static final long MIB = 1 << 20;

  /** No file that QEMU writes, the console's above all, can fill the disk. */
  private static final long MAX_FILE_BYTES = 64 * MIB;

  private final Qemu qemu;
  private final Accelerator accelerator;
  private final Launcher launcher;
  private final ProcessWatch watch;

  QemuVmm(Qemu qemu, Accelerator accelerator, Launcher launcher, ProcessWatch watch) {
    this.qemu = qemu;
    this.accelerator = accelerator;
    this.launcher = launcher;
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
    var confinement =
        new Confinement(
            config.cgroupFiles(),
            Optional.of(config.network().namespace()),
            Optional.of(config.network().tap()),
            List.of(config.kernel(), config.initrd(), config.drive()),
            Math.max(MAX_FILE_BYTES, config.memoryBytes()),
            config.user(),
            accelerator == Accelerator.KVM ? qemu.kvmGroup() : config.user());
    var files =
        new QemuCommandLine.Descriptors(
            Launcher.FIRST_FD,
            confinement.descriptor(0),
            confinement.descriptor(1),
            confinement.descriptor(2));
    List<String> line =
        new QemuCommandLine(qemu.program().toString(), accelerator).of(config, files);
    Path log = config.folder().resolve(VmConfig.VMM_LOG);
    Process process = launcher.start(line, confinement, config.folder(), log);
    CompletableFuture<String> exit =
        process.onExit().thenApply(ended -> QemuVm.reason(ended.exitValue(), log));
    return new QemuVm(process.toHandle(), exit);
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
