package dev.skep.microvm;

/** Boots virtual machines: the seam between Skep and one virtual machine monitor. */
interface Vmm {
  /** For people and for keys: name, version and accelerator. */
  String description();

  /** Host memory that one virtual machine may need beyond its guest's. */
  long overheadBytes();

  /** Starts a machine; returns while its kernel boots. Its files are in the config's folder. */
  Vm boot(VmConfig config);

  /**
   * Whether a VMM that waits can be asked to load any snapshot of such a machine, or only the one
   * that it was prepared for.
   */
  boolean waitsForAny();

  /**
   * Starts a VMM for a machine in the state of a snapshot, which is not loaded yet. Kernel, initrd
   * and drive of the config are the snapshot's matter.
   */
  WaitingVm prepare(VmConfig config, VmSnapshot snapshot);

  /** As {@link #prepare}, and loads the state. */
  default Vm restore(VmConfig config, VmSnapshot snapshot) {
    return prepare(config, snapshot).load(snapshot);
  }
}
