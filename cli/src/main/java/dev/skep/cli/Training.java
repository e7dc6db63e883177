package dev.skep.cli;

import java.io.OutputStream;

/**
 * Runs the commands that people wait for once each, so that a start-up cache made of this run holds
 * what they load. Their results do not matter; a command that dies unexpectedly does.
 */
public final class Training {
  private static final String[][] COMMANDS = {
    {"ls"},
    {"ls", "-o", "json"},
    {"ls", "-o", "yaml"},
    {"status"},
    {"image", "import", "TAR", "--name", "dev.local/training", "--cmd", "/none"},
    {"deploy", "dev.local/training", "--name", "training", "-e", "A=B", "--timeout", "3s"},
    {"ls"},
    {"describe", "training"},
    {"invoke", "training", "/", "--timeout", "500ms"},
    {"why", "training"},
    {"logs", "training"},
    {"image", "ls"},
    {"snapshot", "ls"},
    {"delete", "training"},
    {"version"},
    {"help"},
    {"no-such-command"},
  };

  private Training() {}

  /** Needs a daemon; the arguments are its state folder and a tar of an empty root file system. */
  public static void main(String[] args) {
    for (String[] command : COMMANDS) {
      var words = new String[command.length + 2];
      for (int i = 0; i < command.length; i++) {
        words[i] = command[i].equals("TAR") ? args[1] : command[i];
      }
      words[command.length] = "--state";
      words[command.length + 1] = args[0];
      var nowhere = new Terminal(OutputStream.nullOutputStream(), System.err, true, true);
      int code = Main.execute(nowhere, words);
      System.err.println(String.join(" ", command) + ": " + code);
    }
    Main.execute(Terminal.system(), "version", "--state", args[0]);
  }
}
