package dev.skep.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * {@code skep} itself: what all commands share, and what help says of it.
 *
 * <p>Built by hand: reading annotations makes the JVM generate a class for each kind of annotation,
 * which takes a third of a short command's time.
 */
final class Root implements Runnable {
  private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this).name("skep");

  private Root() {}

  static CommandSpec spec(Globals globals) {
    CommandSpec spec = new Root().spec;
    spec.addOption(help());
    globals.options().forEach(spec::addOption);
    spec.usageMessage()
        .header("Functions in microVMs, with every millisecond of a cold start explained.")
        .synopsisSubcommandLabel("COMMAND")
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(ExitCodes.meanings())
        .footerHeading("%nEnvironment:%n")
        .footer(
            "  SKEP_HOME      state folder of the daemon (default: /var/lib/skep)",
            "  SKEP_CACHE     kernels and tools (default: ~/.cache/skep)",
            "  SKEP_NO_BUILD  1: never build, run what is there",
            "  SKEP_DEBUG     1: print stack traces of unexpected failures",
            "  NO_COLOR       any value: no colour");
    return spec;
  }

  static OptionSpec help() {
    return OptionSpec.builder("-h", "--help")
        .usageHelp(true)
        .description("Show this help.")
        .build();
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "no command given (expected: one of those that 'skep help' lists)");
  }
}
