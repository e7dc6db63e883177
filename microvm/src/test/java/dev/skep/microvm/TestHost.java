package dev.skep.microvm;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.host.Host;
import dev.skep.host.HostConfig;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.testkit.HostedRuntime;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** Whether this host can run guests at all, and where tests keep what is dear to fetch. */
final class TestHost {
  /** Guests are told of a name server; nobody listens there. */
  private static final Optional<InetSocketAddress> NO_DNS =
      Optional.of(new InetSocketAddress("127.0.0.1", 53));

  private TestHost() {}

  static void assumeUsable() {
    Assumptions.assumeTrue(
        System.getProperty("user.name").equals("root"), "microVMs need root (namespaces, taps)");
    Assumptions.assumeTrue(Qemu.find().isPresent(), "QEMU is not installed");
    Assumptions.assumeTrue(Files.exists(Path.of("/dev/net/tun")), "this host has no /dev/net/tun");
  }

  /** Guests under QEMU, which is everywhere. */
  static MicroVmConfig config(Path state) {
    return config(state, VmmChoice.QEMU);
  }

  static MicroVmConfig config(Path state, VmmChoice vmm) {
    return new MicroVmConfig(state, cache(), vmm, Optional.empty(), 0, DeviceLimits.NONE, pager());
  }

  static HostedRuntime<MicroVmRuntime> open(MicroVmConfig config) {
    return open(config, Optional.empty());
  }

  static HostedRuntime<MicroVmRuntime> open(
      MicroVmConfig config, Optional<InetSocketAddress> gateway) {
    Host host = Host.open(new HostConfig(config.state(), gateway, NO_DNS, 2));
    return new HostedRuntime<>(MicroVmRuntime.open(host, config), host);
  }

  static void assumeFirecracker() {
    GuestKernel kernel = new KernelStore(cache()).ensure();
    Path initrd = Initrd.ensure(cache().resolve("initrd"), kernel);
    String reason =
        switch (HostVmm.installed(cache()).finding(kernel.vmlinux(), initrd)) {
          case HostVmm.Finding.Usable _ -> "";
          case HostVmm.Finding.Absent() -> "not installed";
          case HostVmm.Finding.Unusable(String why) -> why;
        };
    Assumptions.assumeTrue(reason.isEmpty(), "Firecracker: " + reason);
  }

  /** With the classes of this JVM. */
  static List<String> pager() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-Xmx64m",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        "dev.skep.snapshot.pager.PagerMain");
  }

  static Path cache() {
    String asked = System.getenv("SKEP_CACHE");
    return asked == null
        ? Path.of(System.getProperty("user.home"), ".cache", "skep")
        : Path.of(asked);
  }

  /** Of the test image, with 64 MiB, listening on 8080. */
  static SandboxSpec spec(
      Path folder, String id, List<String> argv, NetworkPolicy network, Duration readyTimeout) {
    return new SandboxSpec(
        id,
        "host-" + id,
        Map.of(),
        TestImage.erofs(),
        "sha256:" + "0".repeat(64),
        new ProcessSpec(argv, Map.of("PORT", "8080", "GREETING", id), "", "/"),
        new Resources(1, 64L << 20),
        8080,
        Probe.onPort(),
        readyTimeout,
        network,
        folder.resolve(id + ".log"));
  }
}
