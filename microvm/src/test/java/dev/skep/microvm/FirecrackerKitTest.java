package dev.skep.microvm;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The suite of every runtime, with guests of a real Firecracker. */
@Tag("integration")
class FirecrackerKitTest extends MicroVmKitTest {
  @BeforeAll
  static void needsFirecracker() {
    TestHost.assumeFirecracker();
  }

  @Override
  VmmChoice vmm() {
    return VmmChoice.FIRECRACKER;
  }
}
