package dev.skep.daemon;

import dev.skep.snapshot.pager.PagerMain;
import java.io.IOException;

/** The pager as the daemon starts it: with a log that has what went wrong and no more. */
final class PagerProgram {
  private PagerProgram() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Logs.toConsole();
    PagerMain.main(args);
  }
}
