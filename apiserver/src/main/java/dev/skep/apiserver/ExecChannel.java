package dev.skep.apiserver;

import java.util.Locale;

/** What an {@code exec} carries. */
enum ExecChannel {
  STDIN(0),
  STDOUT(1),
  STDERR(2),
  /** The {@code Status} with the exit code. */
  ERROR(3),
  RESIZE(4);

  private final int number;

  ExecChannel(int number) {
    this.number = number;
  }

  /** The first byte of its messages over WebSocket. */
  int number() {
    return number;
  }

  /** Its name in the header {@code streamtype} of SPDY. */
  String streamType() {
    return name().toLowerCase(Locale.ROOT);
  }
}
