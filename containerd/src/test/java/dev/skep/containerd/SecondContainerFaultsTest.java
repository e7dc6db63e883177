package dev.skep.containerd;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/** The same under containerd 2.x, of which what is true of 1.7 is true. */
@Tag("integration")
class SecondContainerFaultsTest extends SeventhContainerFaultsTest {
  @Override
  Path programs() {
    return TestContainerd.second();
  }
}
