package dev.skep.microvm;

import java.nio.file.Path;
import java.util.List;

/**
 * A machine to boot.
 *
 * @param folder working folder of the VMM, which owns it; what the guest writes to its console is
 *     added to {@code console.log} in it
 * @param kernel uncompressed ELF
 * @param kernelArguments those that do not depend on the VMM
 * @param drive becomes the guest's first, read-only
 * @param limits of its drive and its network
 * @param user and {@code group} under which the VMM runs
 * @param cgroupFiles joined by the VMM
 */
record VmConfig(
    String id,
    Path folder,
    int vcpus,
    long memoryBytes,
    Path kernel,
    Path initrd,
    List<String> kernelArguments,
    Path drive,
    VmNetwork network,
    DeviceLimits limits,
    long user,
    List<Path> cgroupFiles) {
  /** Name of the console's file in the folder. */
  static final String CONSOLE = "console.log";

  /** Name of the file in the folder to which the VMM itself complains. */
  static final String VMM_LOG = "vmm.log";

  /** In the VMM's arguments, so that its process can be recognized. */
  static String processName(String id) {
    return "skep-" + id;
  }

  /** A tap in a network namespace, and the guest's address on it. */
  record VmNetwork(Path namespace, String tap, String mac) {}

  VmConfig {
    kernelArguments = List.copyOf(kernelArguments);
    cgroupFiles = List.copyOf(cgroupFiles);
  }
}
