package dev.skep.gvisor;

/** The suite of every runtime, with the runsc of Debian's backports and its work-around. */
class DebianRunscKitTest extends GvisorKitTest {
  @Override
  TestRunsc runsc() {
    return TestRunsc.DEBIAN;
  }
}
