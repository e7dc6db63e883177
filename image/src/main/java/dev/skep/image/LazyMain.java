package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.linux.FuseMount;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;

/**
 * The process of lazy images: {@code LazyMain FOLDER [REGISTRY...]}, the folder of an image store
 * and the registries that may be asked without TLS. It serves until it is killed.
 */
public final class LazyMain {
  static final int FAILED = 1;
  static final int WRONG_USAGE = 2;
  static final int IN_USE = 75;

  /** How long the first reads of an image are noted: until a function has answered, and more. */
  private static final Duration RECORD_FOR = Duration.ofSeconds(30);

  private static final int SERVERS = 2;
  private static final long TICK_MILLIS = 500;

  private LazyMain() {}

  /** Exit codes: 1 failed, 2 wrong usage, 75 another process serves the folder. */
  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length == 0) {
      System.err.println("skep lazy: no arguments (expected: FOLDER [REGISTRY...])");
      System.exit(WRONG_USAGE);
    }
    Path root = Path.of(args[0]).toAbsolutePath();
    try (FileChannel channel =
            FileChannel.open(
                root.resolve("lazy.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock == null) {
        System.err.println("skep lazy: " + root + ": another process serves it");
        System.exit(IN_USE);
      }
      serve(ImageFolder.existing(root), List.of(args).subList(1, args.length));
    } catch (SkepException e) {
      System.err.println("skep lazy: " + e.getMessage());
      System.exit(FAILED);
    }
  }

  private static void serve(ImageFolder folder, List<String> plainHttp)
      throws IOException, InterruptedException {
    ImageSettings settings = ImageSettings.defaults().withPlainHttp(plainHttp);
    try (Transport transport = new Transport(settings.idleTimeout())) {
      var images = new LazyImages(folder, settings, transport, Pause.REAL, RECORD_FOR);
      boolean left = true;
      while (left) { // by processes that were killed
        left = FuseMount.detach(folder.mount());
      }
      Files.createDirectories(folder.mount());
      FuseMount mount = FuseMount.over(folder.mount(), images);
      Runtime.getRuntime().addShutdownHook(new Thread(mount::close, "unmount"));
      images.resume();
      Thread.ofPlatform().name("tick").daemon().start(() -> tick(images));
      mount.serve(SERVERS);
    }
  }

  private static void tick(LazyImages images) {
    try {
      while (true) {
        Thread.sleep(TICK_MILLIS);
        images.tick();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
