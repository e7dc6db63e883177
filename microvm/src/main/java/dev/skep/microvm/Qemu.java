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

/**
 * The QEMU of this host.
 *
 * @param version with the distribution's build, because no two builds share snapshots
 */
record Qemu(Path program, String version) implements KvmProbe.Candidate {
  private static final Pattern VERSION = Pattern.compile("QEMU emulator version (.+)");

  /** Empty where none is installed. */
  static Optional<Qemu> find() {
    String name =
        System.getProperty("os.arch").equals("amd64")
            ? "qemu-system-x86_64"
            : "qemu-system-aarch64";
    return List.of("/usr/bin", "/usr/local/bin", "/bin", "/usr/libexec").stream()
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst()
        .map(program -> new Qemu(program, versionOf(program)));
  }

  private static String versionOf(Path program) {
    String answer = Command.of(program.toString(), "--version").run();
    Matcher matcher = VERSION.matcher(answer);
    if (!matcher.find()) {
      throw new SkepException(
          Code.UNSUPPORTED, program + " --version: '" + answer.strip() + "' (expected: a version)");
    }
    return matcher.group(1);
  }

  @Override
  public String name() {
    return "QEMU";
  }

  @Override
  public KvmProbe.ProbeBoot probeBoot(Path kernel, Path initrd) {
    List<String> line =
        List.of(
            program.toString(),
            "-M",
            "microvm,x-option-roms=off,rtc=on",
            "-accel",
            "kvm",
            "-cpu",
            "host",
            "-m",
            "256M",
            "-nodefaults",
            "-no-user-config",
            "-no-reboot",
            "-display",
            "none",
            "-serial",
            "stdio",
            "-kernel",
            kernel.toString(),
            "-initrd",
            initrd.toString(),
            "-append",
            "console=ttyS0 rdinit=/init panic=-1 reboot=t");
    return new KvmProbe.ProbeBoot(line, "");
  }
}
