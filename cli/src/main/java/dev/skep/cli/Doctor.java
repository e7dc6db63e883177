package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "doctor",
    description = "Check what this host can do, each capability by trying it, and say what to do.")
final class Doctor extends SkepCommand {
  @Option(names = "--fix", description = "Install what is missing (apt, as root).")
  boolean fix;

  Doctor(Globals globals) {
    super(globals);
  }

  /** The checks need the daemon's class path: the launcher runs them, this shows them. */
  @Override
  int run() throws Exception {
    Json report = probe(fix);
    if (fix && lacksGvisor(report) && SourceTree.installRunsc()) {
      report = probe(false);
    }
    if (wantsTable()) {
      print(report);
    } else {
      printTree(report);
    }
    return report.at("works").isTrue() ? ExitCodes.OK : ExitCodes.FAILED;
  }

  private Json probe(boolean fixing) throws IOException, InterruptedException {
    var args = new ArrayList<>(List.of("daemon", "--state", state().toString(), "--doctor"));
    if (fixing) {
      args.add("--fix");
    }
    terminal().progress("probing the host");
    Process probe =
        new ProcessBuilder(Launcher.command(args))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    byte[] output = probe.getInputStream().readAllBytes();
    int code = probe.waitFor();
    terminal().clearProgress();
    if (output.length == 0) {
      throw new SkepException(
          Code.INTERNAL, "the probe ended with exit code " + code + " and said nothing");
    }
    return JsonText.read(output);
  }

  /**
   * Debian's own runsc is too old, so that it is not among the packages that the probe installs.
   */
  private static boolean lacksGvisor(Json report) {
    return report.at("capabilities").items().stream()
        .anyMatch(
            one ->
                one.at("name").text().equals("gvisor")
                    && one.at("todo").text().contains("doctor --fix"));
  }

  private void print(Json report) {
    var table = new Table(terminal(), "CAPABILITY", "VERDICT", "FOUND");
    for (Json one : report.at("capabilities").items()) {
      table.row(one.at("name").text(), verdict(one.at("verdict").text()), one.at("found").text());
      one.at("todo").optional().ifPresent(todo -> table.row("", "", "-> " + todo));
    }
    table.print();
    terminal().println("");
    terminal()
        .println(
            report.at("works").isTrue()
                ? terminal().green("Functions can run on this host.")
                : terminal()
                    .red(
                        "Functions cannot run on this host yet: see what is missing ('skep doctor --fix' installs packages)."));
  }

  private String verdict(String verdict) {
    return switch (verdict) {
      case "OK" -> terminal().green("ok");
      case "WARN" -> terminal().yellow("limited");
      default -> terminal().red("missing");
    };
  }
}
