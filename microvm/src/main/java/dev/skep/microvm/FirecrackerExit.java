package dev.skep.microvm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Why a Firecracker ended. Its exit code does not tell: a guest whose CPU failed ends it with 1 or
 * with 0, as it happens, so its log goes first.
 *
 * @param folder in which it worked
 */
record FirecrackerExit(Path folder) {
  /** Time, and {@code [id:thread]}. */
  private static final Pattern PREFIX = Pattern.compile("^\\S+ \\[[^]]*] ");

  /** What it says of any end, or of no matter. */
  private static final Pattern NOISE =
      Pattern.compile(
          "Firecracker exiting|MicroVM stopped with|Discarding unexpected vCPU|KVMCLOCK_CTRL");

  /** Its own exit codes for signals and forbidden system calls; those of signals end below. */
  private static final int FIRST_OWN_CODE = 148;

  /** For one whose exit code nobody was told. */
  String reason() {
    String words = words();
    return words.isEmpty() ? "VMM ended" : "VMM ended: " + words;
  }

  String reason(int exitCode) {
    if (exitCode > 128 && exitCode < FIRST_OWN_CODE) {
      return "VMM killed by signal " + (exitCode - 128);
    }
    String words = words();
    if (exitCode == 0) {
      return words.isEmpty() ? "the guest ended" : "VMM ended: " + words;
    }
    // before it has a log, it and its launcher complain where the console is
    String said = words.isEmpty() ? lastLine(VmConfig.CONSOLE) : words;
    return "VMM ended with exit code " + exitCode + (said.isEmpty() ? "" : ": " + said);
  }

  private String words() {
    return lines(VmConfig.VMM_LOG).stream()
        .filter(line -> !line.isBlank() && !NOISE.matcher(line).find())
        .reduce((_, later) -> later)
        .map(line -> PREFIX.matcher(line).replaceFirst(""))
        .orElse("");
  }

  private String lastLine(String file) {
    List<String> lines = lines(file);
    return lines.isEmpty() ? "" : lines.getLast();
  }

  private List<String> lines(String file) {
    try {
      return Files.readString(folder.resolve(file), StandardCharsets.ISO_8859_1).lines().toList();
    } catch (IOException e) {
      return List.of(); // gone with its folder
    }
  }
}
