package dev.skep.microvm;

/**
 * A VMM whose machine waits for its state: memory, drive and network are in their places.
 *
 * @param vm what it becomes; until then it can be killed and its end be heard of, no more
 * @param loading loads the state
 */
record WaitingVm(Vm vm, Runnable loading) {
  /**
   * The machine in the state of its snapshot; its CPUs stand still until {@link Vm#resume}. The VMM
   * ends where this fails.
   *
   * @throws dev.skep.api.SkepException INVALID if the VMM refuses the state, with its words
   */
  Vm load() {
    try {
      loading.run();
      return vm;
    } catch (RuntimeException e) {
      vm.kill();
      throw e;
    }
  }
}
