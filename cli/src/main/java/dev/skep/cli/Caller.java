package dev.skep.cli;

import java.io.IOException;

/** One connection over which the same call can be made again and again; for one thread. */
interface Caller extends AutoCloseable {
  Invocation call() throws IOException;

  @Override
  void close();

  /** Opens as many as there are to be calls at once. */
  interface Factory {
    Caller open() throws IOException;
  }
}
