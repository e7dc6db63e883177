package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CommandTest {
  @Test
  void givesInputAndReturnsOutput() {
    assertThat(Command.of("cat").withInput("grüße\n").run()).isEqualTo("grüße\n");
  }

  @Test
  void failureCarriesExitCodeAndOutput() {
    assertThatThrownBy(() -> Command.of("sh", "-c", "echo no disk >&2; exit 3").run())
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("exit code 3: no disk");
  }

  @Test
  void inputThatNobodyReadsDoesNotHideTheFailure() {
    assertThatThrownBy(() -> Command.of("false").withInput("x".repeat(1 << 20)).run())
        .hasMessageContaining("exit code 1");
  }

  @Test
  void toolThatIsNotInstalledIsNamed() {
    assertThatThrownBy(() -> Command.of("skep-no-such-tool").run())
        .hasMessageContaining("skep-no-such-tool: not installed");
    assertThat(Command.of("skep-no-such-tool").tryRun()).isEmpty();
  }

  @Test
  void commandThatTakesTooLongIsKilled() {
    assertThatThrownBy(() -> Command.of("sleep", "600").within(Duration.ofMillis(50)).run())
        .hasMessageContaining("still running after 50 ms");
  }
}
