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
   * Starts a machine in the state of a snapshot; returns once that is loaded. Its CPUs stand still
   * until {@link Vm#resume}. Kernel and initrd of the config are in the snapshot.
   *
   * @throws dev.skep.api.SkepException INVALID if the VMM refuses the state, with its words
   */
  Vm restore(VmConfig config, VmSnapshot snapshot);
}
