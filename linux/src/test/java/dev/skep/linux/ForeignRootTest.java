package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Launcher.Confinement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process in a root of its own that waits for files of the host's. */
@Tag("integration")
class ForeignRootTest {
  private static final long USER = 1_879_100_000L;
  private static final Path PLACE = Path.of("/given");

  @TempDir Path folder;
  private Process process;

  @BeforeEach
  void start() throws IOException {
    Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
    Path home = Files.createDirectory(folder.resolve("home"));
    Files.setAttribute(home, "unix:uid", (int) USER);
    String script =
        """
        echo ready > ready
        while [ ! -s /given ]; do sleep 0.05; done
        cat /given > seen; echo mine > /given || echo not written >> seen; exec sleep 60
        """;
    process =
        Launcher.in(folder.resolve("bin"))
            .start(List.of("sh", "-c", script), confinement(), home, folder.resolve("log"));
    await().until(() -> Files.exists(home.resolve("ready")));
  }

  @AfterEach
  void kill() throws InterruptedException {
    if (process != null) {
      process.destroyForcibly().waitFor();
    }
  }

  private static Confinement confinement() {
    List<Path> shells =
        Stream.of("/bin", "/lib", "/lib64", "/usr").map(Path::of).filter(Files::exists).toList();
    return new Confinement(
        List.of(),
        Optional.empty(),
        List.of(Path.of("/dev/null")),
        Optional.empty(),
        List.of(),
        Optional.of(new Launcher.Root(shells, List.of(PLACE))),
        Map.of(),
        1 << 20,
        USER,
        USER);
  }

  @Test
  void aFileIsFoundAtItsPlaceAndNowhereElseAndOnlyRead() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "of the host\n");
    Path seen = folder.resolve("home/seen");

    ForeignRoot.show(process.pid(), Map.of(PLACE, file));

    await().until(() -> Files.exists(seen) && Files.readString(seen).contains("written"));
    assertThat(seen).hasContent("of the host\nnot written\n");
    assertThat(Files.exists(PLACE)).isFalse();
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(file.toString());
    Files.delete(file); // is in nobody's way
    Path inside = Path.of("/proc", Long.toString(process.pid()), "root/given");
    assertThat(inside).hasContent("of the host\n");
    assertThatThrownBy(() -> Files.writeString(inside, "by root even"))
        .hasMessageContaining("Read-only file system");
  }

  @Test
  void whatIsMissingIsNamedAndNothingIsShown() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "of the host\n");
    Path missing = folder.resolve("missing");

    assertThatThrownBy(
            () -> ForeignRoot.show(process.pid(), Map.of(PLACE, file, Path.of("/more"), missing)))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.NOT_FOUND))
        .hasMessageContaining(missing + ": no such file");
    assertThatThrownBy(() -> ForeignRoot.show(process.pid(), Map.of(Path.of("/nowhere"), file)))
        .hasMessageContaining(file + " shown at /nowhere: no such file");
    assertThat(Path.of("/proc", Long.toString(process.pid()), "root/given")).isEmptyFile();
  }
}
