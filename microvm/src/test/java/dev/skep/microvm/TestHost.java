package dev.skep.microvm;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** Whether this host can run guests at all, and where tests keep what is dear to fetch. */
final class TestHost {
  private TestHost() {}

  static void assumeUsable() {
    Assumptions.assumeTrue(
        System.getProperty("user.name").equals("root"), "microVMs need root (namespaces, taps)");
    Assumptions.assumeTrue(Qemu.find().isPresent(), "QEMU is not installed");
    Assumptions.assumeTrue(Files.exists(Path.of("/dev/net/tun")), "this host has no /dev/net/tun");
  }

  static MicroVmConfig config(Path state) {
    return new MicroVmConfig(state, cache(), Optional.empty(), Optional.empty(), 2);
  }

  static Path cache() {
    String asked = System.getenv("SKEP_CACHE");
    return asked == null
        ? Path.of(System.getProperty("user.home"), ".cache", "skep")
        : Path.of(asked);
  }
}
