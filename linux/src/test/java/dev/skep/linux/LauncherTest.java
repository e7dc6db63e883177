package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.linux.Launcher.Confinement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LauncherTest {
  @TempDir Path folder;

  @Test
  void programRunsInItsFolderWithItsFilesAndMayGrowNoFileBeyondTheLimit() throws Exception {
    Path input = Files.writeString(folder.resolve("input"), "from a descriptor");
    String script =
        "pwd; cat <&3; echo; ulimit -c; ulimit -f; ps -o sid= -p $$ | tr -d ' '; echo $$";

    Path log = run(List.of("sh", "-c", script), confinement(List.of(input)), 0);

    List<String> lines = Files.readAllLines(log);
    assertThat(lines.subList(0, 3))
        .containsExactly(folder.toRealPath().toString(), "from a descriptor", "0");
    assertThat(lines.get(3)).isIn("2048", "1024"); // shells count in 512 or 1024 bytes
    assertThat(lines.get(4)).as("session leader").isEqualTo(lines.get(5));
  }

  @Test
  void stepThatFailsIsNamed() throws Exception {
    Path log =
        run(List.of("true"), confinement(List.of(folder.resolve("missing"))), Launcher.FAILED);

    assertThat(log).content().contains("launch: open").contains("missing: No such file");
  }

  private Path run(List<String> argv, Confinement confinement, int exitCode) throws Exception {
    Path log = folder.resolve("log");
    Process process = Launcher.in(folder.resolve("bin")).start(argv, confinement, folder, log);
    assertThat(process.waitFor()).isEqualTo(exitCode);
    return log;
  }

  private static Confinement confinement(List<Path> files) {
    return new Confinement(
        List.of(), Optional.empty(), Optional.empty(), files, Map.of(), 1 << 20, 0, 0);
  }
}
