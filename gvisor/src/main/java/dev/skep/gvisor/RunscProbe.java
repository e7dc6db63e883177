package dev.skep.gvisor;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Folders;
import dev.skep.linux.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds runsc, and finds out by trying what it can do here. */
final class RunscProbe {
  /** EROFS root file systems with a memory overlay, systrap, uncompressed checkpoints. */
  private static final int OLDEST = 2024_07_29;

  /** The first that looks for the host's network namespace elsewhere (gVisor 19f6b0c07). */
  private static final int KNOWS_ITS_NAMESPACE = 2024_08_01;

  private static final List<String> PLATFORMS = List.of("systrap", "kvm", "ptrace");
  private static final Duration TRIAL = Duration.ofSeconds(15);
  private static final Pattern DATE = Pattern.compile("20\\d{6}");
  private static final String HOW =
      "Debian 12: apt-get install -t bookworm-backports runsc; elsewhere: a release of gvisor.dev";

  private RunscProbe() {}

  /**
   * @param root for what runsc notes of containers
   * @throws SkepException UNSUPPORTED, saying what is missing and how it is had
   */
  static Runsc find(GvisorConfig config, Path root) {
    Path program = config.runsc().or(RunscProbe::onPath).orElseThrow(RunscProbe::missing);
    String version = version(program);
    Optional<Integer> date = date(version);
    if (date.filter(built -> built < OLDEST).isPresent()) {
      throw new SkepException(
          Code.UNSUPPORTED,
          "%s: version %s is too old (expected: 20240729 or later; %s)"
              .formatted(program, version, HOW));
    }
    var traits =
        new Runsc.Traits(
            date.filter(built -> built < KNOWS_ITS_NAMESPACE).isPresent(),
            mentions(program, "-net-disconnect-ok", "flags"),
            mentions(program, "-background", "help", "restore"));
    List<String> candidates = config.platform().map(List::of).orElse(PLATFORMS);
    return new Runsc(program, version, platform(program, candidates), root, traits);
  }

  /** The day on which it was built, as in {@code 0.0~20240729.0} or {@code release-20240807.0}. */
  static Optional<Integer> date(String version) {
    Matcher matcher = DATE.matcher(version);
    return matcher.find() ? Optional.of(Integer.valueOf(matcher.group())) : Optional.empty();
  }

  /** Whether runsc's help on something knows this flag. */
  private static boolean mentions(Path program, String flag, String... words) {
    var line = new ArrayList<>(List.of(program.toString()));
    line.addAll(List.of(words));
    return Command.of(line.toArray(String[]::new))
        .tryRun()
        .filter(help -> help.output().contains(flag))
        .isPresent();
  }

  private static Optional<Path> onPath() {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return Stream.of(path.split(":", -1))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, "runsc"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static SkepException missing() {
    return new SkepException(
        Code.UNSUPPORTED, "runsc: not installed (expected on the PATH; " + HOW + ")");
  }

  private static String version(Path program) {
    Command.Result said =
        Command.of(program.toString(), "--version")
            .tryRun()
            .orElseThrow(
                () -> new SkepException(Code.UNSUPPORTED, program + ": cannot be run; " + HOW));
    String first = said.output().lines().findFirst().orElse("");
    if (!first.startsWith("runsc version ")) {
      throw new SkepException(
          Code.UNSUPPORTED,
          program + " --version: '" + first + "' (expected: 'runsc version ...')");
    }
    return first.substring("runsc version ".length()).strip();
  }

  /** The first that runs a program to its end: a platform may be there and hang. */
  private static String platform(Path program, List<String> candidates) {
    var problems = new ArrayList<String>();
    for (String platform : candidates) {
      Optional<String> problem = trial(program, platform);
      if (problem.isEmpty()) {
        return platform;
      }
      problems.add(platform + ": " + problem.get());
    }
    throw new SkepException(
        Code.UNSUPPORTED,
        program + " runs nothing on this host (" + String.join("; ", problems) + ")");
  }

  private static Optional<String> trial(Path program, String platform) {
    try {
      Path root = Files.createTempDirectory("runsc-trial");
      var line =
          List.of(
              program.toString(),
              "--root=" + root,
              "--platform=" + platform,
              "--network=none",
              "--ignore-cgroups",
              "do",
              "true");
      try {
        Command.Result result = new Command(line, "", TRIAL).tryRun().orElseThrow();
        return result.exitCode() == 0
            ? Optional.empty()
            : Optional.of(RunscWords.last(result.output()));
      } finally {
        Folders.delete(root);
      }
    } catch (IOException | SkepException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }
}
