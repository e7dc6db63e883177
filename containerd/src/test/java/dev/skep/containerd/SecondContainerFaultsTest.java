package dev.skep.containerd;

import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Tag;

/** The same under containerd 2.x. */
@Tag("integration")
class SecondContainerFaultsTest extends ContainerFaultsTest {
  @Override
  Path programs() {
    return TestContainerd.second();
  }

  /** It ends a shim in which nothing runs any more, and with it what the shim knew. */
  @Override
  OptionalInt codeWhileAway(int code) {
    return OptionalInt.empty();
  }
}
