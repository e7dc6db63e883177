package dev.skep.containerd;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/** The same under containerd 2.x, which is built where it is not installed. */
@Tag("integration")
class SecondContainerKitTest extends ContainerKitTest {
  @Override
  Path programs() {
    return TestContainerd.second();
  }
}
