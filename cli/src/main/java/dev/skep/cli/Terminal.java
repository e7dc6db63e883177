package dev.skep.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Where a command's words go: results to {@code out}, progress and errors to {@code err}. The
 * launcher says which of the two is a terminal; colour needs one, and no NO_COLOR.
 */
final class Terminal {
  private final PrintStream out;
  private final PrintStream err;
  private final boolean colour;
  private final boolean live;
  private volatile boolean muted;
  private boolean transientLine;

  Terminal(OutputStream out, OutputStream err, boolean outIsTerminal, boolean errIsTerminal) {
    this.out = new PrintStream(out, false, StandardCharsets.UTF_8);
    this.err = new PrintStream(err, true, StandardCharsets.UTF_8);
    this.colour = outIsTerminal;
    this.live = errIsTerminal;
  }

  /** The process's own, as the launcher's {@code skep.tty} property describes it. */
  static Terminal system() {
    String tty = System.getProperty("skep.tty", "");
    boolean plain = !System.getenv().getOrDefault("NO_COLOR", "").isEmpty();
    return new Terminal(
        new java.io.FileOutputStream(java.io.FileDescriptor.out),
        new java.io.FileOutputStream(java.io.FileDescriptor.err),
        tty.contains("out") && !plain,
        tty.contains("err"));
  }

  PrintStream out() {
    return out;
  }

  void print(String text) {
    clearProgress();
    if (!muted) {
      out.print(text);
    }
  }

  void println(String line) {
    print(line + "\n");
  }

  /** A line for people on standard error. */
  void note(String line) {
    clearProgress();
    if (!muted) {
      err.println(line);
    }
  }

  /** Shows how it goes: on a terminal one line that the next one overwrites, otherwise nothing. */
  void progress(String line) {
    if (live && !muted) {
      err.print("\r\033[2K" + line);
      err.flush();
      transientLine = true;
    }
  }

  void clearProgress() {
    if (transientLine) {
      err.print("\r\033[2K");
      err.flush();
      transientLine = false;
    }
  }

  /** From now on someone else speaks, and what the command does or fails in is no news. */
  void mute() {
    clearProgress();
    muted = true;
  }

  String bold(String text) {
    return paint("1", text);
  }

  String dim(String text) {
    return paint("2", text);
  }

  String green(String text) {
    return paint("32", text);
  }

  String yellow(String text) {
    return paint("33", text);
  }

  String red(String text) {
    return paint("31", text);
  }

  private String paint(String code, String text) {
    return colour && !text.isEmpty() ? "\033[" + code + "m" + text + "\033[0m" : text;
  }

  void flush() {
    clearProgress();
    out.flush();
    err.flush();
  }
}
