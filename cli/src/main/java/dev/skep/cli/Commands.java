package dev.skep.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;

/** All commands, in the order in which help lists them; each is made only when it is wanted. */
final class Commands {
  /** They speak of the other commands. */
  static final Set<String> NEED_ALL = Set.of("help", "completion");

  private Commands() {}

  static Map<String, Supplier<Object>> all(Globals globals) {
    var commands = new LinkedHashMap<String, Supplier<Object>>();
    commands.put("demo", () -> new Demo(globals));
    commands.put("up", () -> new Up(globals).spec());
    commands.put("down", () -> new Down(globals));
    commands.put("status", () -> new StatusCommand(globals).spec());
    commands.put("doctor", () -> new Doctor(globals));
    commands.put("deploy", () -> new Deploy(globals));
    commands.put("apply", () -> new Apply(globals));
    commands.put("get", () -> new Get(globals));
    commands.put("ls", () -> new Ls(globals).spec());
    commands.put("describe", () -> new Describe(globals));
    commands.put("invoke", () -> new Invoke(globals));
    commands.put("logs", () -> new Logs(globals));
    commands.put("why", () -> new Why(globals));
    commands.put("delete", () -> new Delete(globals));
    commands.put("image", () -> ImageCommands.group(globals));
    commands.put("snapshot", () -> SnapshotCommands.group(globals));
    commands.put("state", () -> StateCommands.group(globals));
    commands.put("user", () -> UserCommands.group(globals));
    commands.put("bench", () -> BenchCommands.group(globals));
    commands.put("daemon", () -> new DaemonCommand(globals).spec());
    commands.put("pager", () -> new PagerCommand(globals));
    commands.put("lazy", () -> new LazyCommand(globals));
    commands.put("version", () -> new VersionCommand(globals));
    commands.put("completion", () -> new Completion(globals));
    commands.put("help", CommandLine.HelpCommand::new);
    return commands;
  }
}
