package dev.skep.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The name of this host, which is a node's to its instances. */
public final class HostName {
  private HostName() {}

  /** As the kernel has it: nobody is asked for a longer one. */
  public static String here() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException e) {
      return "localhost";
    }
  }
}
