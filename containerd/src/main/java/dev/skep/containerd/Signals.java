package dev.skep.containerd;

/** Those that are sent, by number. */
final class Signals {
  static final int KILL = 9;
  static final int TERM = 15;

  private Signals() {}
}
