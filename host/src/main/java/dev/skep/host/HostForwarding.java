package dev.skep.host;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * Forwarding on links where it was off, shared by all daemons of this host: the first that needs it
 * switches it on, the last that did switches it off. A link that forwarded already is left alone.
 *
 * <p>A folder per link that we switched on, and in it a file per daemon that needs it. It is
 * written before the switch, so a crash in between forgets nothing, and lives where a restart of
 * the host empties it, as that resets the switches too.
 */
final class HostForwarding {
  /** The host's switches. */
  interface Switches {
    boolean exist(String link);

    boolean on(String link);

    void set(String link, boolean on);
  }

  private static final Object ONE_AT_A_TIME = new Object();

  private final Path folder;
  private final Switches switches;
  private final String tag;

  /**
   * @param folder the same for all daemons of the host
   * @param tag of this daemon
   */
  HostForwarding(Path folder, Switches switches, String tag) {
    this.folder = folder;
    this.switches = switches;
    this.tag = tag;
  }

  static HostForwarding ofHost(String tag) {
    var switches =
        new Switches() {
          @Override
          public boolean exist(String link) {
            return HostNetwork.exists(link);
          }

          @Override
          public boolean on(String link) {
            return HostNetwork.forwards(link);
          }

          @Override
          public void set(String link, boolean on) {
            HostNetwork.setForwarding(link, on);
          }
        };
    return new HostForwarding(Path.of("/run/skep/forwarding"), switches, tag);
  }

  void need(Collection<String> links) {
    alone(
        () -> {
          for (String link : links) {
            Path users = folder.resolve(link);
            if (Files.isDirectory(users) || !switches.on(link)) {
              Files.write(Files.createDirectories(users).resolve(tag), new byte[0]);
              switches.set(link, true);
            }
          }
        });
  }

  /** This daemon needs it no more. */
  void release() {
    alone(
        () -> {
          for (Path users : list(folder)) {
            if (Files.isDirectory(users)
                && Files.deleteIfExists(users.resolve(tag))
                && list(users).isEmpty()) {
              switchOff(users.getFileName().toString());
              Files.delete(users);
            }
          }
        });
  }

  /**
   * Not when someone switched it on for the whole host since then: they rely on it. Nor a link that
   * is gone, with its switch.
   */
  private void switchOff(String link) {
    if (switches.exist(link) && !switches.on("all")) {
      switches.set(link, false);
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  private void alone(Work work) {
    synchronized (ONE_AT_A_TIME) {
      try {
        Files.createDirectories(folder);
        try (FileChannel file =
                FileChannel.open(
                    folder.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock _ = file.lock()) {
          work.run();
        }
      } catch (IOException e) {
        throw new SkepException(
            Code.UNSUPPORTED, folder + ": cannot be written: " + e + " (run as root)", e);
      }
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList();
    }
  }
}
