package dev.skep.cli;

/**
 * Tells how a long command goes: what it works on now (on a terminal), and what is done with its
 * time.
 */
final class StepProgress {
  private final Terminal terminal;

  StepProgress(Terminal terminal) {
    this.terminal = terminal;
  }

  interface Step<T> {
    T run() throws Exception;
  }

  /** Runs one step; on its end a line with its time stays. */
  <T> T step(String what, Step<T> step) throws Exception {
    working(what);
    long began = System.nanoTime();
    T result = step.run();
    String time = Times.precise(System.nanoTime() - began);
    terminal.note(terminal.green("✓") + " " + what + terminal.dim("  " + time));
    return result;
  }

  /** Replaces the line that says what goes on. */
  void working(String what) {
    terminal.progress("… " + what);
  }

  /** For who is told that the command was interrupted. */
  void mute() {
    terminal.mute();
  }
}
