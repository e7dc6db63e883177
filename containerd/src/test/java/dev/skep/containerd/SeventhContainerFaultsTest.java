package dev.skep.containerd;

import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Tag;

/** The same under containerd 1.7. */
@Tag("integration")
class SeventhContainerFaultsTest extends ContainerFaultsTest {
  @Override
  Path programs() {
    return TestContainerd.seventh();
  }

  /** It ends a shim in which nothing runs any more, and with it what the shim knew. */
  @Override
  OptionalInt codeWhileAway(int code) {
    return OptionalInt.empty();
  }
}
