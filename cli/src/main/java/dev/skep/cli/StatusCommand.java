package dev.skep.cli;

import picocli.CommandLine.Model.CommandSpec;

final class StatusCommand extends SkepCommand {
  StatusCommand(Globals globals) {
    super(globals);
  }

  CommandSpec spec() {
    return spec("status", "Show the daemon: addresses, what it runs, what it uses.");
  }

  @Override
  int run() {
    try (ApiClient api = api()) {
      return print(this, api.get(ApiClient.SKEP + "/status"));
    }
  }

  static int print(SkepCommand command, Json status) {
    if (!command.wantsTable()) {
      command.printTree(status);
      return ExitCodes.OK;
    }
    var table = new Table(command.terminal());
    rows(table, command.terminal(), "", status);
    table.print();
    return ExitCodes.OK;
  }

  private static void rows(Table table, Terminal terminal, String prefix, Json object) {
    object
        .fields()
        .forEach(
            (name, value) -> {
              String label = prefix.isEmpty() ? name : prefix + " " + name;
              if (value.fields().isEmpty()) {
                table.row(terminal.bold(label), text(value));
              } else {
                rows(table, terminal, label, value);
              }
            });
  }

  private static String text(Json value) {
    return value.items().isEmpty()
        ? value.text()
        : String.join(", ", value.items().stream().map(Json::text).toList());
  }
}
