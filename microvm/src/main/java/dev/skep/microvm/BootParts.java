package dev.skep.microvm;

import java.nio.file.Path;

/** What every boot on this host uses: the VMM, the kernel and the initrd. */
record BootParts(Vmm vmm, Path kernel, Path initrd) {
  /** Finds or fetches them; may take minutes the first time and milliseconds later. */
  static BootParts prepare(MicroVmConfig config) {
    GuestKernel kernel =
        config
            .kernel()
            .map(GuestKernel::builtByUser)
            .orElseGet(() -> new KernelStore(config.cache()).ensure());
    Path initrd = Initrd.ensure(config.cache().resolve("initrd"), kernel);
    Path programs = config.state().resolve("bin");
    Vmm vmm =
        HostVmm.installed(config.cache()).choose(config.vmm(), kernel.vmlinux(), initrd, programs);
    return new BootParts(vmm, kernel.vmlinux(), initrd);
  }
}
