package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears when agents begin to listen: the kernel tells of each change of a console file, so nothing
 * is polled. Also keeps those files small as long as their guests run, because guests write them.
 */
final class Doorbell implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Doorbell.class);
  private static final long MAX_CONSOLE_BYTES = 1 << 20;
  private static final long CHECK_SECONDS = 10;

  private final WatchService watcher;
  private final Map<Path, CompletableFuture<Long>> bells = new ConcurrentHashMap<>();
  private final Map<Path, WatchKey> keys = new ConcurrentHashMap<>();
  private final Map<Path, Boolean> consoles = new ConcurrentHashMap<>();

  private Doorbell(WatchService watcher) {
    this.watcher = watcher;
  }

  /** Starts the thread. */
  static Doorbell open() {
    try {
      var doorbell = new Doorbell(FileSystems.getDefault().newWatchService());
      Thread.ofPlatform().name("doorbell").daemon().start(doorbell::run);
      return doorbell;
    } catch (IOException e) {
      throw new SkepException(
          Code.EXHAUSTED, "inotify: " + e.getMessage() + " (see fs.inotify.max_user_instances)", e);
    }
  }

  /**
   * Call before the VMM starts. Completes with the {@link System#nanoTime()} at which the agent was
   * heard.
   */
  CompletableFuture<Long> watch(Path folder) {
    try {
      WatchKey key =
          folder.register(
              watcher, StandardWatchEventKinds.ENTRY_MODIFY, StandardWatchEventKinds.ENTRY_CREATE);
      var bell = new CompletableFuture<Long>();
      bells.put(folder, bell);
      keys.put(folder, key);
      guard(folder);
      return bell;
    } catch (IOException e) {
      throw new SkepException(
          Code.EXHAUSTED,
          "inotify watch of "
              + folder
              + ": "
              + e.getMessage()
              + " (see fs.inotify.max_user_watches)",
          e);
    }
  }

  /** Keeps the console of a guest small whose agent has been heard before. */
  void guard(Path folder) {
    consoles.put(folder.resolve(VmConfig.CONSOLE), true);
  }

  void forget(Path folder) {
    consoles.remove(folder.resolve(VmConfig.CONSOLE));
    CompletableFuture<Long> bell = bells.get(folder);
    if (bell != null) {
      bell.cancel(false);
    }
    unwatch(folder);
  }

  private void unwatch(Path folder) {
    bells.keySet().remove(folder);
    WatchKey key = keys.remove(folder);
    if (key != null) {
      key.cancel();
    }
  }

  @Override
  public void close() {
    try {
      watcher.close();
    } catch (IOException e) {
      LOG.warn("inotify: {}", e.getMessage());
    }
  }

  private void run() {
    try {
      while (true) {
        WatchKey key = watcher.poll(CHECK_SECONDS, TimeUnit.SECONDS);
        if (key == null) {
          consoles.keySet().forEach(Doorbell::keepSmall);
        } else {
          key.pollEvents();
          key.reset();
          listen((Path) key.watchable());
        }
      }
    } catch (ClosedWatchServiceException e) {
      bells.values().forEach(bell -> bell.cancel(false));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void listen(Path folder) {
    CompletableFuture<Long> bell = bells.get(folder);
    if (bell != null && read(folder).contains(AgentClient.DOORBELL)) {
      bell.complete(System.nanoTime());
      unwatch(folder);
    }
  }

  /** What the guest has written so far; empty where there is nothing. */
  static String read(Path folder) {
    Path console = folder.resolve(VmConfig.CONSOLE);
    try (var in = Files.newInputStream(console)) {
      return new String(in.readNBytes((int) MAX_CONSOLE_BYTES), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  private static void keepSmall(Path console) {
    try {
      if (Files.exists(console) && Files.size(console) > MAX_CONSOLE_BYTES) {
        // the VMM appends: it goes on at the new end
        Files.newByteChannel(
                console, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)
            .close();
      }
    } catch (IOException e) {
      LOG.warn("console {}: {}", console, e.getMessage());
    }
  }
}
