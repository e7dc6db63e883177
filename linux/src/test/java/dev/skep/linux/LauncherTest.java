package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.linux.Launcher.Confinement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LauncherTest {
  private static final long USER = 1_879_100_000L;

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
  void programHasNoVariablesButThoseThatItIsGiven() throws Exception {
    assertThat(System.getenv()).hasSizeGreaterThan(1);
    var variables = Map.of("A", "1", "B", "two words");

    Path log = run(List.of("env"), confinement(List.of()).withEnvironment(variables), 0);

    assertThat(Files.readAllLines(log))
        .filteredOn(line -> !line.startsWith("PATH="))
        .containsExactlyInAnyOrder("A=1", "B=two words");
  }

  @Test
  void stepThatFailsIsNamed() throws Exception {
    Path log =
        run(List.of("true"), confinement(List.of(folder.resolve("missing"))), Launcher.FAILED);

    assertThat(log).content().contains("launch: open").contains("missing: No such file");
  }

  @Test
  @Tag("integration")
  void anUnprivilegedProgramOpensTheDevicesThatAreItsOwnAndNoOthers() throws Exception {
    Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
    Path device = Path.of("/dev/userfaultfd");
    Assumptions.assumeTrue(Files.exists(device), "this host has no " + device);
    Object before = Files.getAttribute(device, "unix:mode");
    var confinement =
        new Confinement(
            List.of(),
            Optional.of(Path.of("/proc/self/ns/net")),
            List.of(device),
            Optional.empty(),
            List.of(Files.writeString(folder.resolve("input"), "still there")),
            Map.of(),
            1 << 20,
            USER,
            USER);

    Path log =
        run(
            List.of("sh", "-c", "exec 9<>/dev/userfaultfd; cat <&3; stat -c ' %u %a' " + device),
            confinement,
            0);

    assertThat(log).hasContent("still there " + USER + " 600\n");
    assertThat(Files.getAttribute(device, "unix:mode")).as("the host's own").isEqualTo(before);
  }

  private Path run(List<String> argv, Confinement confinement, int exitCode) throws Exception {
    Path log = folder.resolve("log");
    Process process = Launcher.in(folder.resolve("bin")).start(argv, confinement, folder, log);
    assertThat(process.waitFor()).isEqualTo(exitCode);
    return log;
  }

  private static Confinement confinement(List<Path> files) {
    return new Confinement(
        List.of(), Optional.empty(), List.of(), Optional.empty(), files, Map.of(), 1 << 20, 0, 0);
  }
}
