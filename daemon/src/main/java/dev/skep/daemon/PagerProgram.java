package dev.skep.daemon;

import dev.skep.snapshot.pager.PagerMain;
import java.io.IOException;

/** {@code skep pager}: the pager with our logging; its process holds nothing else of the daemon. */
public final class PagerProgram {
  private PagerProgram() {}

  /** Arguments and exit codes are those of {@link PagerMain}. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Logs.toConsole();
    PagerMain.main(args);
  }
}
