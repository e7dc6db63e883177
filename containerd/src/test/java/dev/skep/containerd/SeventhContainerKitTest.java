package dev.skep.containerd;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/** The same under containerd 1.7. */
@Tag("integration")
class SeventhContainerKitTest extends ContainerKitTest {
  @Override
  Path programs() {
    return TestContainerd.seventh();
  }
}
