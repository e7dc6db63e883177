package dev.skep.gvisor;

/** The same under the runsc of Debian's backports. */
class DebianRunscContractTest extends ContractTest {
  @Override
  TestRunsc runsc() {
    return TestRunsc.DEBIAN;
  }
}
