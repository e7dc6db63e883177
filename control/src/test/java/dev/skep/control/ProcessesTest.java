package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.Probe;
import dev.skep.api.Protocol;
import dev.skep.api.Resources;
import dev.skep.api.RevisionSpec;
import dev.skep.image.ImageConfig;
import dev.skep.sandbox.ProcessSpec;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ProcessesTest {
  private static final ImageConfig IMAGE =
      new ImageConfig(
          List.of("/entry"),
          List.of("cmd", "1"),
          Map.of("PATH", "/image/bin", "A", "image", "PORT", "1"),
          "nobody",
          "srv",
          Optional.of(80),
          "amd64");

  private static RevisionSpec wishes(
      List<String> command, List<String> args, Optional<Integer> user) {
    return new RevisionSpec(
        "image",
        command,
        args,
        List.of(),
        List.of(),
        Optional.empty(),
        user,
        8080,
        Protocol.HTTP1,
        Probe.onPort(),
        Optional.empty(),
        Resources.DEFAULT,
        0,
        Duration.ofMinutes(5),
        Duration.ZERO,
        Duration.ZERO,
        Optional.empty(),
        Map.of());
  }

  private static Optional<ProcessSpec> merged(
      ImageConfig image, List<String> command, List<String> args) {
    return Processes.merge(
        image,
        wishes(command, args, Optional.empty()),
        Map.of(),
        new Processes.Names("hello", "hello", "hello-00001"));
  }

  private static List<String> argv(List<String> command, List<String> args) {
    return merged(IMAGE, command, args).orElseThrow().argv();
  }

  @Test
  void commandDropsTheImagesCmdAndArgsKeepItsEntrypoint() {
    assertThat(argv(List.of(), List.of())).containsExactly("/entry", "cmd", "1");
    assertThat(argv(List.of(), List.of("x"))).containsExactly("/entry", "x");
    assertThat(argv(List.of("/own"), List.of())).containsExactly("/own");
    assertThat(argv(List.of("/own"), List.of("x"))).containsExactly("/own", "x");
  }

  @Test
  void expandsVariablesInTheRevisionsCommandAndNotInTheImages() {
    var image =
        new ImageConfig(
            List.of("/e", "$(PORT)"),
            List.of(),
            Map.of("A", "x"),
            "",
            "",
            Optional.empty(),
            "amd64");
    var names = new Processes.Names("hello", "hello", "hello-00001");

    assertThat(
            Processes.merge(
                    image,
                    wishes(List.of(), List.of("$(OWN)", "$(K_SERVICE)", "$(A)"), Optional.empty()),
                    Map.of("OWN", "1"),
                    names)
                .orElseThrow()
                .argv())
        .containsExactly("/e", "$(PORT)", "1", "hello", "$(A)");
  }

  @Test
  void nothingToRunIsSeen() {
    var empty = new ImageConfig(List.of(), List.of(), Map.of(), "", "", Optional.empty(), "amd64");

    assertThat(merged(empty, List.of(), List.of())).isEmpty();
    assertThat(merged(empty, List.of(), List.of("/x")).orElseThrow().argv()).containsExactly("/x");
  }

  @Test
  void ownVariablesWinOverTheImagesAndTheContractsOverBoth() {
    Map<String, String> env =
        Processes.merge(
                IMAGE,
                wishes(List.of(), List.of(), Optional.empty()),
                Map.of("A", "own", "PORT", "2"),
                new Processes.Names("hello", "hello", "hello-00001"))
            .orElseThrow()
            .env();

    assertThat(env)
        .containsEntry("PATH", "/image/bin")
        .containsEntry("A", "own")
        .containsEntry("PORT", "8080")
        .containsEntry("K_SERVICE", "hello")
        .containsEntry("K_CONFIGURATION", "hello")
        .containsEntry("K_REVISION", "hello-00001");
  }

  @Test
  void userAndFolderComeFromTheImageUnlessTheRevisionHasItsOwn() {
    ProcessSpec plain = merged(IMAGE, List.of(), List.of()).orElseThrow();
    ProcessSpec own =
        Processes.merge(
                IMAGE,
                wishes(List.of(), List.of(), Optional.of(1000)),
                Map.of(),
                new Processes.Names("hello", "hello", "hello-00001"))
            .orElseThrow();

    assertThat(plain.user()).isEqualTo("nobody");
    assertThat(plain.workingDir()).isEqualTo("/srv");
    assertThat(own.user()).isEqualTo("1000");
  }
}
