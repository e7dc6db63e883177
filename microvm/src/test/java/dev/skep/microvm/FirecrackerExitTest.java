package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told of a Firecracker's end. */
class FirecrackerExitTest {
  @TempDir Path folder;

  @Test
  void anEndOfWhichTheLogSaysNothingIsTheGuestsOwn() {
    assertThat(exit(0)).isEqualTo("the guest ended");
  }

  @Test
  void theCauseIsToldAndNotWhatFollowedFromIt() throws IOException {
    String log =
        """
        2026-11-24T03:19:27.760065719 [skep-a:fc_vcpu 0] Received KVM_EXIT_INTERNAL_ERROR signal
        2026-11-24T03:19:27.760065719 [skep-a:main] Discarding unexpected vCPU response during teardown
        2026-11-24T03:19:27.760065719 [skep-a:main] RunWithApiError error: MicroVM stopped with an error: GenericError
        2026-11-24T03:19:27.760065719 [skep-a:main] Firecracker exiting with error. exit_code=1
        """;
    Files.writeString(folder.resolve(VmConfig.VMM_LOG), log);

    assertThat(exit(1))
        .isEqualTo("VMM ended with exit code 1: Received KVM_EXIT_INTERNAL_ERROR signal");
    assertThat(exit(0)).isEqualTo("VMM ended: Received KVM_EXIT_INTERNAL_ERROR signal");
    assertThat(new FirecrackerExit(folder).reason())
        .isEqualTo("VMM ended: Received KVM_EXIT_INTERNAL_ERROR signal");
  }

  @Test
  void signalsAreToldFromItsOwnCodes() throws IOException {
    Files.writeString(
        folder.resolve(VmConfig.VMM_LOG),
        "2026-11-24T03:19:27 [skep-a:main] Shutting down VM after intercepting a bad syscall (59).\n");

    assertThat(exit(137)).isEqualTo("VMM killed by signal 9");
    assertThat(exit(148))
        .isEqualTo(
            "VMM ended with exit code 148: Shutting down VM after intercepting a bad syscall"
                + " (59).");
  }

  @Test
  void withoutALogTheConsoleSaysWhatItsLauncherSaid() throws IOException {
    Files.writeString(folder.resolve(VmConfig.CONSOLE), "launch: open /x: No such file\n");

    assertThat(exit(125)).isEqualTo("VMM ended with exit code 125: launch: open /x: No such file");
  }

  private String exit(int code) {
    return new FirecrackerExit(folder).reason(code);
  }
}
