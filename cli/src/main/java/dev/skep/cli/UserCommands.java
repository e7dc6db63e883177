package dev.skep.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skep user add|ls|rm}. */
final class UserCommands {
  private static final String USERS = ApiClient.SKEP + "/users";

  private UserCommands() {}

  static CommandLine group(Globals globals) {
    var group = new CommandLine(new Group());
    group.addSubcommand("add", new Add(globals));
    group.addSubcommand("ls", new Ls(globals));
    group.addSubcommand("rm", new Rm(globals));
    return group;
  }

  @Command(name = "user", description = "Add, list and remove users of the API.")
  static final class Group extends CommandGroup {
    Group() {
      super("add, ls or rm");
    }
  }

  @Command(
      name = "add",
      description = {
        "Make a user with a token of his own, and print a kubeconfig for him.",
        "The token is kept nowhere: who loses it needs another user."
      })
  static final class Add extends SkepCommand {
    @Parameters(paramLabel = "NAME", description = "Lower case letters, digits, '-' and '.'.")
    String name = "";

    @Option(
        names = "--role",
        required = true,
        description = "viewer looks, at all but Secrets; deployer changes; admin does everything.")
    String role = "";

    @Option(
        names = {"-n", "--namespace"},
        description = "Where he may do it; may be given several times (default: everywhere).")
    List<String> namespaces = List.of();

    Add(Globals globals) {
      super(globals);
    }

    @Override
    int run() throws IOException {
      try (ApiClient api = api()) {
        Json user = Json.object().set("name", name).set("role", role).set("namespaces", namespaces);
        Json added = api.post(USERS, user);
        if (wantsTable()) {
          terminal().print(kubeconfig(added.at("token").text()));
        } else {
          printTree(added);
        }
        return ExitCodes.OK;
      }
    }

    /** The administrator's, with another name, token and namespace. */
    private String kubeconfig(String token) throws IOException {
      String namespace = namespaces.isEmpty() ? "default" : namespaces.getFirst();
      return Files.readString(state().resolve("kubeconfig"))
          .replaceAll("(?m)^( +)token: .*$", "$1token: " + token)
          .replaceAll("(?m)^( +)namespace: .*$", "$1namespace: " + namespace)
          .replaceAll("(?m)^( +)user: skep$", "$1user: " + name)
          .replaceAll("(?m)^(users:\\R)- name: skep$", "$1- name: " + name);
    }
  }

  @Command(name = "ls", description = "List the users beside the administrator.")
  static final class Ls extends SkepCommand {
    Ls(Globals globals) {
      super(globals);
    }

    @Override
    int run() {
      try (ApiClient api = api()) {
        Json users = api.get(USERS);
        if (!wantsTable()) {
          printTree(users);
          return ExitCodes.OK;
        }
        var table = new Table(terminal(), "NAME", "ROLE", "NAMESPACES");
        for (Json user : users.at("items").items()) {
          List<String> names = user.at("namespaces").items().stream().map(Json::text).toList();
          table.row(
              user.at("name").text(),
              user.at("role").text(),
              names.isEmpty() ? "all" : String.join(", ", names));
        }
        table.print();
        return ExitCodes.OK;
      }
    }
  }

  @Command(name = "rm", description = "Remove a user; his token is no longer good.")
  static final class Rm extends SkepCommand {
    @Parameters(paramLabel = "NAME", description = "As 'skep user ls' shows it.")
    String name = "";

    Rm(Globals globals) {
      super(globals);
    }

    @Override
    int run() {
      try (ApiClient api = api()) {
        api.delete(USERS + "/" + ApiClient.encode(name));
        terminal().note("removed " + name);
        return ExitCodes.OK;
      }
    }
  }
}
