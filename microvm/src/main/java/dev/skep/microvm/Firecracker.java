package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ObjectNode;

/**
 * The Firecracker of this host.
 *
 * @param files of the host that it reads to start, itself among them
 */
record Firecracker(Path program, FirecrackerVersion release, List<Path> files)
    implements KvmProbe.Candidate {
  private static final Pattern VERSION = Pattern.compile("Firecracker v(\\S+)");

  static final String OLDEST = "1.7";

  private static final int OLDEST_MINOR = 7;

  /** Empty where none is installed. */
  static Optional<Firecracker> find() {
    return List.of("/usr/bin", "/usr/local/bin", "/bin").stream()
        .map(folder -> Path.of(folder, "firecracker"))
        .filter(Files::isExecutable)
        .findFirst()
        .map(Firecracker::at);
  }

  /**
   * @throws SkepException UNSUPPORTED if it is none, or too old
   */
  static Firecracker at(Path program) {
    String answer = Command.of(program.toString(), "--version").run();
    Matcher matcher = VERSION.matcher(answer);
    FirecrackerVersion version =
        Optional.of(matcher)
            .filter(Matcher::find)
            .flatMap(found -> FirecrackerVersion.at(found.group(1)))
            .orElseThrow(() -> unsupported(program, "'" + answer.strip() + "'"));
    if (!version.isAtLeast(OLDEST_MINOR)) {
      throw unsupported(program, matcher.group());
    }
    return new Firecracker(program, version, ProgramFiles.of(program));
  }

  /** The same, which reads others. */
  Firecracker withFiles(List<Path> others) {
    return new Firecracker(program, release, others);
  }

  private static SkepException unsupported(Path program, String found) {
    return new SkepException(
        Code.UNSUPPORTED,
        program + ": " + found + " (expected: Firecracker " + OLDEST + " or later)");
  }

  @Override
  public String version() {
    return release.text();
  }

  @Override
  public String name() {
    return "Firecracker";
  }

  @Override
  public KvmProbe.ProbeBoot probeBoot(Path kernel, Path initrd) {
    ObjectNode config = FirecrackerApi.body();
    config
        .putObject("boot-source")
        .put("kernel_image_path", kernel.toString())
        .put("initrd_path", initrd.toString())
        .put("boot_args", "console=ttyS0 rdinit=/init panic=-1 reboot=k pci=off");
    config.putArray("drives");
    config.putObject("machine-config").put("vcpu_count", 1).put("mem_size_mib", 256);
    List<String> line =
        List.of(program.toString(), "--no-api", "--config-file", "/dev/stdin", "--id", "probe");
    return new KvmProbe.ProbeBoot(line, config.toString());
  }
}
