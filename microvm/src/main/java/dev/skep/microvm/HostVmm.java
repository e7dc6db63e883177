package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The VMM that runs this host's guests, decided by boots of guests and not by what is installed.
 *
 * @param cache where verdicts are kept
 * @param qemu and {@code firecracker}: what is installed; UNSUPPORTED where it is of no use
 */
record HostVmm(
    Path cache, Supplier<Optional<Qemu>> qemu, Supplier<Optional<Firecracker>> firecracker) {
  private static final Logger LOG = LoggerFactory.getLogger(HostVmm.class);

  /** What became of Firecracker here. */
  sealed interface Finding {
    record Usable(Firecracker firecracker) implements Finding {}

    record Absent() implements Finding {}

    /**
     * @param why for people
     */
    record Unusable(String why) implements Finding {}
  }

  static HostVmm installed(Path cache) {
    return new HostVmm(cache, Qemu::find, Firecracker::find);
  }

  /**
   * The one that was asked for.
   *
   * @param programs where programs that come with Skep are put
   * @throws SkepException UNSUPPORTED with the reason, if it does not work here
   */
  Vmm choose(VmmChoice choice, Path kernel, Path initrd, Path programs) {
    return switch (choice) {
      case QEMU -> qemu(kernel, initrd, programs);
      case FIRECRACKER ->
          switch (finding(kernel, initrd)) {
            case Finding.Usable(Firecracker found) -> new FirecrackerVmm(found, programs);
            case Finding.Absent() -> throw unsupported("not installed");
            case Finding.Unusable(String why) -> throw unsupported(why);
          };
      case AUTO ->
          switch (finding(kernel, initrd)) {
            case Finding.Usable(Firecracker found) -> new FirecrackerVmm(found, programs);
            case Finding.Absent() -> qemu(kernel, initrd, programs);
            case Finding.Unusable(String why) -> {
              LOG.info("Guests run under QEMU: Firecracker is not used: {}", why);
              yield qemu(kernel, initrd, programs);
            }
          };
    };
  }

  /** Whether Firecracker can be used: by booting a guest, if it is installed. */
  Finding finding(Path kernel, Path initrd) {
    try {
      Optional<Firecracker> found = firecracker.get();
      if (found.isEmpty()) {
        return new Finding.Absent();
      }
      if (!found.get().release().tables() && !KernelImage.findsDevicesOnCommandLine(kernel)) {
        return new Finding.Unusable(
            found.get().version()
                + ": its guests find no devices (expected: 1.8 or later, or a kernel with"
                + " CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y, which Debian's has not)");
      }
      KvmProbe.Verdict verdict = new KvmProbe(cache, found.get()).verdict(kernel, initrd);
      return verdict.usable()
          ? new Finding.Usable(found.get())
          : new Finding.Unusable(found.get().version() + ": " + verdict.found());
    } catch (SkepException e) {
      return new Finding.Unusable(String.valueOf(e.getMessage()));
    }
  }

  private Vmm qemu(Path kernel, Path initrd, Path programs) {
    Qemu found = qemu.get().orElseThrow(HostVmm::noQemu);
    boolean kvm = new KvmProbe(cache, found).verdict(kernel, initrd).usable();
    return new QemuVmm(found, kvm ? Accelerator.KVM : Accelerator.TCG, programs);
  }

  private static SkepException noQemu() {
    return new SkepException(
        Code.UNSUPPORTED,
        "QEMU: not installed (expected: package qemu-system-x86; 'skep doctor' lists all that is"
            + " missing)");
  }

  private static SkepException unsupported(String found) {
    return new SkepException(
        Code.UNSUPPORTED,
        "Firecracker: " + found + " (expected, because of microvm.vmm: one that runs guests here)");
  }
}
