package dev.skep.microvm;

import java.util.function.Consumer;

/**
 * A VMM that waits for a snapshot.
 *
 * @param vm what it becomes; until then it can be killed and its end be heard of, no more
 * @param loading loads the state of a snapshot
 */
record WaitingVm(Vm vm, Consumer<VmSnapshot> loading) {
  /**
   * The machine in the state of the snapshot; its CPUs stand still until {@link Vm#resume}. The VMM
   * ends where this fails.
   *
   * @throws dev.skep.api.SkepException INVALID if the VMM refuses the state, with its words
   */
  Vm load(VmSnapshot snapshot) {
    try {
      loading.accept(snapshot);
      return vm;
    } catch (RuntimeException e) {
      vm.kill();
      throw e;
    }
  }
}
