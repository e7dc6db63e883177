package dev.skep.microvm;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** Guests of a real Firecracker that are saved once and restored often. */
@Tag("integration")
class FirecrackerSnapshotTest extends SnapshotTest {
  @BeforeAll
  static void needsFirecracker() {
    TestHost.assumeFirecracker();
  }

  @Override
  VmmChoice vmm() {
    return VmmChoice.FIRECRACKER;
  }

  @Override
  List<String> refusals() {
    return List.of("bitcode error", "Failed to load snapshot state from file");
  }
}
