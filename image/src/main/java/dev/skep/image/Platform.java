package dev.skep.image;

import java.util.Locale;

/** What an image must be made for, in the words of the OCI specification. */
record Platform(String os, String architecture) {
  static Platform host() {
    String arch = System.getProperty("os.arch", "amd64").toLowerCase(Locale.ROOT);
    return new Platform(
        "linux",
        switch (arch) {
          case "x86_64" -> "amd64";
          case "aarch64" -> "arm64";
          default -> arch;
        });
  }

  @Override
  public String toString() {
    return os + "/" + architecture;
  }
}
