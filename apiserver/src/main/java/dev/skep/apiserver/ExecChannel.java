package dev.skep.apiserver;

import java.util.Locale;

/** What an {@code exec} carries; the ordinal is its byte in a WebSocket's messages. */
enum ExecChannel {
  STDIN,
  STDOUT,
  STDERR,
  /** The {@code Status} with the exit code. */
  ERROR,
  RESIZE;

  /** Its name in the header {@code streamtype} of SPDY. */
  String streamType() {
    return name().toLowerCase(Locale.ROOT);
  }
}
