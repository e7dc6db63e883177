package dev.skep.microvm;

/** How guest code runs. */
enum Accelerator {
  KVM,
  /** Translated by QEMU: works everywhere, some ten times slower. */
  TCG
}
