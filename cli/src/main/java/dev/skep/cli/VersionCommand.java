package dev.skep.cli;

import dev.skep.api.SkepException;
import picocli.CommandLine.Command;

@Command(name = "version", description = "Print the versions of this command and of the daemon.")
final class VersionCommand extends SkepCommand {
  VersionCommand(Globals globals) {
    super(globals);
  }

  @Override
  int run() {
    String own = System.getProperty("skep.version", "unknown");
    String daemon = daemonVersion();
    if (wantsTable()) {
      terminal().println("skep    " + own + " (Java " + Runtime.version() + ")");
      terminal().println("daemon  " + daemon);
    } else {
      printTree(
          Json.object().set("client", own).set("java", Runtime.version()).set("daemon", daemon));
    }
    return ExitCodes.OK;
  }

  private String daemonVersion() {
    try (ApiClient api = api()) {
      return api.get("/version").at("gitVersion").optional().orElse("unknown");
    } catch (SkepException e) {
      return "not running";
    }
  }
}
