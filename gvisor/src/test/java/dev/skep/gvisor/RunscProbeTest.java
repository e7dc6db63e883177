package dev.skep.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a runsc that cannot be used; it is a script here. */
class RunscProbeTest {
  @TempDir Path folder;

  private GvisorConfig script(String... lines) throws IOException {
    Path program = folder.resolve("runsc");
    Files.writeString(program, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new GvisorConfig(Optional.of(program), Optional.empty());
  }

  private Runsc find(GvisorConfig config) {
    return RunscProbe.find(config, folder.resolve("root"));
  }

  @Test
  void versionsTellTheirDay() {
    assertThat(RunscProbe.date("0.0~20240729.0")).hasValue(20240729);
    assertThat(RunscProbe.date("release-20240807.0")).hasValue(20240807);
    assertThat(RunscProbe.date("v0.0.0-20260905035102-160fafc42237")).hasValue(20260905);
    assertThat(RunscProbe.date("VERSION_MISSING")).isEmpty();
  }

  @Test
  void runscThatIsTooOldIsNamedWithWhatToDo() throws IOException {
    GvisorConfig old = script("echo runsc version 0.0~20221219.0");

    assertThatThrownBy(() -> find(old))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("version 0.0~20221219.0 is too old (expected: 20240729 or later")
        .hasMessageContaining("apt-get install -t bookworm-backports runsc");
  }

  @Test
  void programThatIsNotRunscIsNamed() throws IOException {
    GvisorConfig other = script("echo hello");

    assertThatThrownBy(() -> find(other))
        .hasMessageContaining("'hello' (expected: 'runsc version ...')");
  }

  @Test
  void runscThatIsNotThereIsNamed() {
    var config = new GvisorConfig(Optional.of(folder.resolve("nothing")), Optional.empty());

    assertThatThrownBy(() -> find(config)).hasMessageContaining("nothing: cannot be run");
  }

  @Test
  void firstPlatformThatRunsAnythingIsTaken() throws IOException {
    GvisorConfig config =
        script(
            "case \"$*\" in",
            "  --version) echo runsc version release-20250101.0 ;;",
            "  *systrap*do*) echo no seccomp >&2; exit 1 ;;",
            "esac");

    Runsc found = find(config);

    assertThat(found.description()).isEqualTo("runsc release-20250101.0 (kvm)");
    assertThat(found.traits().hideSysNet()).isFalse();
    assertThat(found.traits().checkpoints()).as("its help does not know").isFalse();
  }

  @Test
  void hostThatRunsNothingIsTriedInAllWays() throws IOException {
    GvisorConfig config =
        script(
            "[ \"$1\" = --version ] && echo runsc version release-20250101.0 && exit",
            "echo no such thing >&2; exit 1");

    assertThatThrownBy(() -> find(config))
        .hasMessageContaining("systrap: no such thing; kvm: no such thing; ptrace: no such thing");
  }

  @Test
  void misleadingWordsAreExplained() {
    String said =
        "warning: x\nstarting container: cannot run with network enabled in root network namespace";

    assertThat(RunscWords.meaning(said)).get().asString().contains("before August 2024");
    assertThat(RunscWords.last("a\nwhat is wrong\n\ngoroutine 1 [running]:\nmain.go"))
        .isEqualTo("what is wrong");
  }
}
