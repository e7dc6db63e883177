package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.linux.Launcher.Confinement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
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
            Optional.empty(),
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

  @Test
  @Tag("integration")
  void aProgramInARootOfItsOwnSeesItsFolderItselfAndWhatItIsShown() throws Exception {
    Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
    Path home = Files.createDirectory(folder.resolve("home"));
    Files.setAttribute(home, "unix:uid", (int) USER);
    Files.writeString(folder.resolve("neighbour"), "another's");
    Path input = Files.writeString(folder.resolve("input"), "by descriptor alone");
    String script =
        """
        pwd; cat /proc/self/fd/3; echo
        cat /etc/passwd ../neighbour ../input; set -- /proc/[0-9]*; echo $# process
        for each in / /dev /proc /usr ..; do touch $each/x && echo written to $each; done
        echo mine > file && cat file; cp /bin/true . && ./true || echo not run
        : > /dev/null && echo to nowhere; ls /; exec cat /proc/self/mountinfo > mounts
        """;

    Path log = folder.resolve("log");
    Process process =
        launcher().start(List.of("sh", "-c", script), inOwnRoot(List.of(input)), home, log);

    assertThat(process.waitFor()).isZero();
    String said = Files.readString(log);
    assertThat(said)
        .startsWith(home.toAbsolutePath() + "\nby descriptor alone\n")
        .contains("/etc/passwd: No such file", "../neighbour: No such file", "../input: No such")
        .contains("1 process")
        .contains("mine", "not run", "to nowhere")
        .doesNotContain("written to");
    assertThat(said.lines().toList()).contains("dev", "proc").doesNotContain("etc", "root", "sys");
    assertThat(home.resolve("mounts")).content().doesNotContain(" /etc ", "cgroup", "sysfs");
    assertThat(Files.readString(Path.of("/proc/self/mountinfo")))
        .as("the host's")
        .doesNotContain(folder.toString(), "subset=pid");
  }

  @Test
  @Tag("integration")
  void aProcessInARootOfItsOwnIsFoundByItsFolderAndEndsWithIt() throws Exception {
    Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
    Path home = Files.createDirectory(folder.resolve("home"));
    Process process =
        launcher().start(List.of("sleep", "60"), inOwnRoot(List.of()), home, folder.resolve("log"));
    try {
      Path cwd = Path.of("/proc", Long.toString(process.pid()), "cwd");
      Path mark = Files.writeString(home.resolve("mark"), "of the host");
      await().untilAsserted(() -> assertThat(command(process)).startsWith("sleep"));
      assertThat(Files.readSymbolicLink(cwd)).isEqualTo(home.toAbsolutePath());
      assertThat(cwd.resolve("mark")).hasContent("of the host");

      Files.delete(mark);
      Files.delete(home); // is no mount point of the host's
      assertThat(Files.readSymbolicLink(cwd)).isEqualTo(Path.of(home + " (deleted)"));
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  @Tag("integration")
  void aRootThatCannotShowAPathIsNotEntered() throws Exception {
    Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
    var confinement =
        confinement(List.of()).withRoot(new Launcher.Root(List.of(Path.of("/missing")), List.of()));

    Path log = run(List.of("true"), confinement, Launcher.FAILED);

    assertThat(log).hasContent("launch: find /missing: No such file or directory\n");
  }

  @Test
  @Tag("integration")
  void whereNoRootCanBeMadeNothingRuns() throws Exception {
    Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
    launcher();
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    String inner = folder.resolve("bin").resolve("launch").toString();

    Path log =
        run(
            List.of(inner, "--root", folder.toString(), "--", "echo", "ran"),
            unprivileged(),
            Launcher.FAILED);

    assertThat(log).hasContent("launch: unshare mounts: Operation not permitted\n");
  }

  private static Confinement unprivileged() {
    return new Confinement(
        List.of(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Map.of(),
        1 << 20,
        USER,
        USER);
  }

  private static String command(Process process) throws IOException {
    return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
  }

  private Launcher launcher() {
    return Launcher.in(folder.resolve("bin"));
  }

  private static Confinement inOwnRoot(List<Path> files) {
    List<Path> shells =
        Stream.of("/bin", "/lib", "/lib64", "/usr").map(Path::of).filter(Files::exists).toList();
    return new Confinement(
        List.of(),
        Optional.empty(),
        List.of(Path.of("/dev/null")),
        Optional.empty(),
        files,
        Optional.of(new Launcher.Root(shells, List.of())),
        Map.of(),
        1 << 20,
        USER,
        USER);
  }

  private Path run(List<String> argv, Confinement confinement, int exitCode) throws Exception {
    Path log = folder.resolve("log");
    Process process = launcher().start(argv, confinement, folder, log);
    assertThat(process.waitFor()).isEqualTo(exitCode);
    return log;
  }

  private static Confinement confinement(List<Path> files) {
    return new Confinement(
        List.of(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        files,
        Optional.empty(),
        Map.of(),
        1 << 20,
        0,
        0);
  }
}
