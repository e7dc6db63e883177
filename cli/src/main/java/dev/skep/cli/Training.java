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
    {"deploy", "127.0.0.1:1/none:v1", "--name", "training", "-e", "A=B", "--timeout", "200ms"},
    {"ls"},
    {"describe", "training"},
    {"invoke", "training", "/", "--timeout", "100ms"},
    {"why", "training"},
    {"logs", "training"},
    {"image", "ls"},
    {"delete", "training"},
    {"version"},
    {"help"},
    {"no-such-command"},
  };

  private Training() {}

  /** Needs a daemon; the argument is its state folder. */
  public static void main(String[] args) {
    for (String[] command : COMMANDS) {
      var words = new String[command.length + 2];
      System.arraycopy(command, 0, words, 0, command.length);
      words[command.length] = "--state";
      words[command.length + 1] = args[0];
      var nowhere = new Terminal(OutputStream.nullOutputStream(), System.err, true, true);
      int code = Main.execute(nowhere, words);
      System.err.println(String.join(" ", command) + ": " + code);
    }
    Main.execute(Terminal.system(), "version", "--state", args[0]);
  }
}
