package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.linux.Launcher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramFilesTest {
  @TempDir Path folder;

  @Test
  void aStaticProgramNeedsNothingButItself() throws IOException {
    Launcher.in(folder);
    try (Stream<Path> unpacked = Files.list(folder)) {
      Path program = unpacked.filter(Files::isRegularFile).findAny().orElseThrow();

      assertThat(ProgramFiles.of(program)).containsExactly(program);
    }
  }

  @Test
  void oneThatIsLoadedByAnotherNeedsTheFoldersOfLibraries() throws IOException {
    Path program = Path.of("/bin/sh").toRealPath();

    assertThat(ProgramFiles.of(program))
        .startsWith(program)
        .contains(Path.of("/usr/lib"))
        .allMatch(Files::exists);
  }

  @Test
  void whatIsNoProgramForThisMachineIsLeftToTheKernel() throws IOException {
    Path script = Files.writeString(folder.resolve("script"), "#!/bin/sh\n");

    assertThat(ProgramFiles.of(script)).containsExactly(script);
  }
}
