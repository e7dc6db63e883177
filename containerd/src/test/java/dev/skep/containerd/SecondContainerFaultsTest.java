package dev.skep.containerd;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/** The same under containerd 2.x. */
@Tag("integration")
class SecondContainerFaultsTest extends ContainerFaultsTest {
  @Override
  Path programs() {
    return TestContainerd.second();
  }
}
