package dev.skep.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DaemonOptionsTest {
  @TempDir Path folder;

  @Test
  void servesByDefaultWithThePortsOfTheConfiguration() {
    var options = DaemonOptions.parse("--state", folder.toString());
    assertThat(options.task()).isEqualTo(DaemonOptions.Task.SERVE);
    assertThat(options.gatewayPort()).isNegative();
    assertThat(options.configFile()).isEmpty();
  }

  @Test
  void readsTheFileInTheStateFolderUnlessAnotherIsNamed() throws IOException {
    Path own = Files.createFile(folder.resolve("skep.yaml"));
    assertThat(DaemonOptions.parse("--state", folder.toString()).configFile()).contains(own);
    assertThat(DaemonOptions.parse("--config", "/x.yaml").configFile())
        .contains(Path.of("/x.yaml"));
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    assertThatThrownBy(() -> DaemonOptions.parse("--gatway-port", "1"))
        .hasMessageContaining("did you mean --gateway-port?");
    assertThatThrownBy(() -> DaemonOptions.parse("--api-port", "65536"))
        .hasMessage("--api-port 65536: expected a port, 0 to 65535");
    assertThatThrownBy(() -> DaemonOptions.parse("--state"))
        .hasMessage("--state: expected a value");
  }
}
