package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.snapshot.ChunkSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ServiceLoader;

/** The pager's process: {@code PagerMain SOCKET}. It serves until it is killed. */
public final class PagerMain {
  static final int FAILED = 1;
  static final int WRONG_USAGE = 2;
  static final int IN_USE = 75;

  private PagerMain() {}

  /** Exit codes: 1 failed, 2 wrong usage, 75 another pager has the socket. */
  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length != 1) {
      System.err.println(
          "skep pager: " + args.length + " arguments (expected: SOCKET, where it is to listen)");
      System.exit(WRONG_USAGE);
    }
    var pager = new Pager(Runtime.getRuntime().availableProcessors(), PagerMain::source);
    try (var server = PagerServer.open(Path.of(args[0]), pager)) {
      server.run();
    } catch (SkepException e) {
      System.err.println("skep pager: " + e.getMessage());
      System.exit(e.code() == Code.CONFLICT ? IN_USE : FAILED);
    }
  }

  /** Loads what fetches from object storage with the first guest that needs it: it is large. */
  private static ChunkSource source(Path folder) {
    return ServiceLoader.load(ChunkSource.Provider.class)
        .findFirst()
        .map(provider -> provider.open(folder))
        .orElseThrow(
            () ->
                new SkepException(
                    Code.UNSUPPORTED,
                    "%s: its memory is not all here, and this pager cannot fetch (expected: a %s on its class path)"
                        .formatted(folder, ChunkSource.Provider.class.getName())));
  }
}
