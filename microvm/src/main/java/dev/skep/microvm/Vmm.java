package dev.skep.microvm;

/** Boots virtual machines: the seam between Skep and one virtual machine monitor. */
interface Vmm {
  /** For people and for keys: name, version and accelerator. */
  String description();

  /** Host memory that one virtual machine may need beyond its guest's. */
  long overheadBytes();

  /** Starts a machine; returns while its kernel boots. Its files are in the config's folder. */
  Vm boot(VmConfig config);

  /** A machine that an earlier daemon booted and that still runs. */
  Vm attach(long pid);
}
