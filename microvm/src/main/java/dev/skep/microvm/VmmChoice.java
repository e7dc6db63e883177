package dev.skep.microvm;

/** By what guests run. */
public enum VmmChoice {
  /** Firecracker where it is installed and boots a guest under KVM, else QEMU. */
  AUTO,
  FIRECRACKER,
  /** With KVM where that works, else translated. */
  QEMU
}
