package dev.skep.cli;

import dev.skep.api.Nearest;
import dev.skep.api.SkepException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code skep} command. */
public final class Main {
  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] args) {
    // what logs is the daemon's; here there is nothing to log with, and nobody to be told so
    System.setProperty("slf4j.internal.verbosity", "ERROR");
    int code = execute(Terminal.system(), args);
    // an exit is logged, and to set logging up takes a fifth of a short command's time
    if (code != 0) {
      System.exit(code);
    }
  }

  static int execute(Terminal terminal, String... args) {
    try {
      return commandLine(terminal, args).execute(args);
    } finally {
      terminal.flush();
    }
  }

  /**
   * Builds only the command that is asked for: reflecting on all of them would take most of a short
   * command's time. Help, completion and mistakes get them all.
   */
  static CommandLine commandLine(Terminal terminal, String... args) {
    var globals = new Globals(terminal);
    Map<String, Supplier<Object>> commands = Commands.all(globals);
    String wanted = firstWord(args);
    Supplier<Object> command = commands.get(wanted);
    var line = new CommandLine(Root.spec(globals));
    if (command != null && !Commands.NEED_ALL.contains(wanted)) {
      line.addSubcommand(wanted, command.get());
    } else {
      commands.forEach((name, maker) -> line.addSubcommand(name, maker.get()));
    }
    line.setExecutionExceptionHandler((failure, _, _) -> report(terminal, failure));
    line.setParameterExceptionHandler((failure, _) -> usage(terminal, failure));
    line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExpandAtFiles(false); // '@FILE' means the content of one option's value
    return line;
  }

  private static String firstWord(String... args) {
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals("--state") || args[i].equals("-o") || args[i].equals("--output")) {
        i++;
      } else if (!args[i].startsWith("-")) {
        return args[i];
      }
    }
    return "";
  }

  private static int usage(Terminal terminal, ParameterException failure) {
    CommandLine command = failure.getCommandLine();
    String message = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    terminal.note("skep: " + message + suggestion(failure));
    terminal.note("  see '" + command.getCommandSpec().qualifiedName() + " --help'");
    return ExitCodes.USAGE;
  }

  private static String suggestion(ParameterException failure) {
    if (!(failure instanceof UnmatchedArgumentException unmatched)) {
      return "";
    }
    String word = unmatched.getUnmatched().getFirst();
    CommandSpec spec = failure.getCommandLine().getCommandSpec();
    if (word.startsWith("-")) {
      return Nearest.hint(word.split("=", 2)[0], spec.optionsMap().keySet());
    }
    return spec.subcommands().isEmpty() ? "" : Nearest.hint(word, spec.subcommands().keySet());
  }

  private static int report(Terminal terminal, Exception failure) {
    if (failure instanceof SkepException known) {
      terminal.note("skep: " + known.getMessage());
      return ExitCodes.of(known.code());
    }
    if (failure instanceof InterruptedException) {
      return 130;
    }
    terminal.note(
        "skep: unexpected: " + failure + " (please report it; SKEP_DEBUG=1 prints the stack)");
    if (System.getenv("SKEP_DEBUG") != null) {
      failure.printStackTrace();
    }
    return ExitCodes.FAILED;
  }
}
