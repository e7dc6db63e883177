package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.ProcessWatch;
import java.nio.file.Path;

/** What every boot on this host uses: the VMM, the kernel and the initrd. */
record BootParts(Vmm vmm, Path kernel, Path initrd) {
  /** Finds or fetches them; may take minutes the first time and milliseconds later. */
  static BootParts prepare(MicroVmConfig config, ProcessWatch watch) {
    Qemu qemu =
        Qemu.find()
            .orElseThrow(
                () ->
                    new SkepException(
                        Code.UNSUPPORTED,
                        "QEMU: not installed (expected: package qemu-system-x86; 'skep doctor' lists"
                            + " all that is missing)"));
    GuestKernel kernel =
        config
            .kernel()
            .map(GuestKernel::builtByUser)
            .orElseGet(() -> new KernelStore(config.cache()).ensure());
    Path initrd = Initrd.ensure(config.cache().resolve("initrd"), kernel);
    boolean kvm = new KvmProbe(config.cache(), qemu).verdict(kernel.vmlinux(), initrd).usable();
    Path programs = config.state().resolve("bin");
    var vmm = new QemuVmm(qemu, kvm ? Accelerator.KVM : Accelerator.TCG, programs, watch);
    return new BootParts(vmm, kernel.vmlinux(), initrd);
  }
}
