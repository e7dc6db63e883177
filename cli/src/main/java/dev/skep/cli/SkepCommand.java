package dev.skep.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** One command: does its work in {@link #run} and returns its exit code. */
abstract class SkepCommand implements Callable<Integer> {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  private final Globals globals;

  SkepCommand(Globals globals) {
    this.globals = globals;
  }

  /**
   * Describes a command without annotations: for those that run often or are waited for, see {@link
   * Root}.
   */
  final CommandSpec spec(String name, String description) {
    CommandSpec spec = CommandSpec.wrapWithoutInspection(this).name(name);
    spec.usageMessage().description(description);
    return spec.addOption(Root.help());
  }

  abstract int run() throws Exception;

  @Override
  public final Integer call() throws Exception {
    return run();
  }

  Globals globals() {
    return globals;
  }

  Terminal terminal() {
    return globals.terminal();
  }

  Path state() {
    return globals.stateFolder();
  }

  ApiClient api() {
    return new ApiClient(state());
  }

  boolean wantsTable() {
    return globals.format() == Format.table;
  }

  /** Prints the value as JSON or YAML. */
  void printTree(Json value) {
    terminal()
        .print(globals.format() == Format.yaml ? JsonText.yaml(value) : JsonText.pretty(value));
  }
}
