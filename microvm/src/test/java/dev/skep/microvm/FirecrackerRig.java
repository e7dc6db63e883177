package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.host.SandboxFolder;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.pager.PagedGuest;
import dev.skep.snapshot.pager.PagerClient;
import dev.skep.snapshot.pager.PagerProcess;
import dev.skep.testkit.firecracker.FakeFirecracker;
import dev.skep.testkit.firecracker.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A driver of a Firecracker without guests: processes, snapshots and faults are real. */
abstract class FirecrackerRig {
  static final long MEMORY = 8 << 20;
  static final long USER = 1_879_100_000L;
  static final Duration LOAD = Duration.ofSeconds(20);

  /** Many, of both of two regions, and not in order. */
  static final List<Integer> TOUCHED =
      IntStream.range(0, 300).map(i -> i * 997 % 2048).boxed().toList();

  /** Root's alone, as a daemon's state is. */
  @TempDir Path folder;

  /** What everybody may run. */
  @TempDir Path programs;

  final List<Vm> running = new ArrayList<>();
  Path snapshot;

  @BeforeAll
  static void needsRoot() {
    Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "VMMs need root");
    Assumptions.assumeTrue(
        Files.exists(Path.of("/dev/userfaultfd")), "this host has no /dev/userfaultfd");
  }

  @BeforeEach
  void writeFiles() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    Files.setPosixFilePermissions(programs, PosixFilePermissions.fromString("rwxr-xr-x"));
    snapshot = Files.createDirectory(folder.resolve("snapshot"));
    Files.write(folder.resolve("vmlinux"), new byte[] {0x7f, 'E', 'L', 'F'});
    Files.writeString(folder.resolve("initrd"), "an initrd");
    Files.writeString(folder.resolve("image"), "an image");
  }

  @AfterEach
  void killAll() throws Exception {
    for (Vm vm : running) {
      vm.kill();
      vm.onExit().get(10, TimeUnit.SECONDS);
    }
  }

  static String devices(Vm vm) {
    return ((FirecrackerVm) vm)
        .configure(Duration.ofSeconds(5), api -> api.get("/vm/config").toString());
  }

  Vm boot(String id, String argument) throws IOException {
    home(id);
    return started(vmm(settings(), LOAD).boot(config(id, argument)));
  }

  Vm restore(Settings settings, String id, VmSnapshot.Memory memory) throws IOException {
    home(id);
    return started(vmm(settings, LOAD).restore(config(id, "quiet"), snapshot(memory)));
  }

  Path home(String id) throws IOException {
    Path home = Files.createDirectories(folder.resolve(id));
    new SandboxFolder(home).giveTo(USER);
    return home;
  }

  Vm started(Vm vm) {
    running.add(vm);
    return vm;
  }

  static Settings settings() {
    return Settings.observed().withTouchedByResume(TOUCHED);
  }

  FirecrackerVmm vmm(Settings settings, Duration load) throws IOException {
    return vmm(settings, load, FakeFirecracker.files(programs));
  }

  FirecrackerVmm vmm(Settings settings, Duration load, List<Path> readable) throws IOException {
    Firecracker fake = Firecracker.at(FakeFirecracker.install(programs, settings));
    return new FirecrackerVmm(fake.withFiles(readable), folder.resolve("bin"), load);
  }

  VmConfig config(String id, String argument) {
    return config(id, argument, DeviceLimits.NONE);
  }

  VmConfig config(String id, String argument, DeviceLimits limits) {
    return config(id, argument, limits, "tap0");
  }

  VmConfig config(String id, String argument, DeviceLimits limits, String tap) {
    return new VmConfig(
        id,
        folder.resolve(id),
        2,
        MEMORY,
        folder.resolve("vmlinux"),
        folder.resolve("initrd"),
        List.of(argument),
        folder.resolve("image"),
        new VmConfig.VmNetwork(Path.of("/proc/self/ns/net"), tap, "02:00:00:00:00:02"),
        limits,
        USER,
        List.of());
  }

  VmSnapshot snapshot(VmSnapshot.Memory memory) {
    return new VmSnapshot(folder.resolve("image"), file(SnapshotFiles.STATE), memory);
  }

  PagerClient pager() throws InterruptedException {
    return new PagerProcess(TestHost.pager(), folder.resolve("pager"), folder.resolve("pager.log"))
        .connectOrStart(Duration.ofSeconds(60));
  }

  PagedGuest guest(String id, Optional<Path> recorded, boolean record) throws IOException {
    home(id);
    return new PagedGuest(
        id,
        folder.resolve(id).resolve("p.sock"),
        USER,
        file(SnapshotFiles.MEMORY),
        MEMORY,
        recorded.map(from -> from.resolve(SnapshotFiles.WORKING_SET)),
        recorded.map(from -> from.resolve(SnapshotFiles.WORKING_SET_PAGES)),
        record);
  }

  Path file(String name) {
    return snapshot.resolve(name);
  }

  String file(String id, String name) throws IOException {
    return Files.readString(folder.resolve(id).resolve(name));
  }

  List<String> requests(String id) throws IOException {
    return Files.readAllLines(folder.resolve(id).resolve(FakeFirecracker.REQUESTS));
  }

  void awaitTouched(String id) {
    await()
        .untilAsserted(() -> assertThat(file(id, VmConfig.CONSOLE)).contains("touched 300 pages"));
  }

  static List<String> names(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(path -> path.getFileName().toString()).toList();
    }
  }
}
