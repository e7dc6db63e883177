package dev.skep.daemon;

import dev.skep.image.LazyMain;
import java.io.IOException;

/** {@code skep lazy}: the process of lazy images, with our logging. */
public final class LazyProgram {
  private LazyProgram() {}

  /** Arguments and exit codes are those of {@link LazyMain}. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Logs.toConsole();
    LazyMain.main(args);
  }
}
