package dev.skep.microvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.SandboxFolder;
import dev.skep.linux.Command;
import dev.skep.linux.ProcessWatch;
import dev.skep.linux.UnixListener;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.pager.PagedGuest;
import dev.skep.snapshot.pager.PagedStatus;
import dev.skep.snapshot.pager.PagerClient;
import dev.skep.snapshot.pager.PagerProcess;
import dev.skep.testkit.firecracker.FakeFirecracker;
import dev.skep.testkit.firecracker.Settings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The driver against a Firecracker without guests: processes, snapshots and faults are real. */
@Tag("integration")
class FirecrackerVmmTest {
  private static final long MEMORY = 8 << 20;
  private static final long USER = 1_879_100_000L;
  private static final Duration LOAD = Duration.ofSeconds(20);

  /** Many, of both of two regions, and not in order. */
  private static final List<Integer> TOUCHED =
      IntStream.range(0, 300).map(i -> i * 997 % 2048).boxed().toList();

  /** Root's alone, as a daemon's state is. */
  @TempDir Path folder;

  /** What everybody may run. */
  @TempDir Path programs;

  private final List<Vm> running = new ArrayList<>();
  private Path snapshot;

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

  @Test
  void aBootAsksForEachPartOnceAndInOrder() throws IOException {
    Vm vm = boot("one", "quiet");

    assertThat(vm.paused()).isFalse();
    assertThat(requests("one"))
        .startsWith(
            "PUT /machine-config {\"vcpu_count\":2,\"mem_size_mib\":8}",
            "PUT /boot-source {\"kernel_image_path\":\"/proc/self/fd/4\",\"initrd_path\":\"/proc/self/fd/5\",\"boot_args\":\"quiet"
                + " console=ttyS0 reboot=k pci=off i8042.noaux i8042.nomux i8042.nopnp"
                + " i8042.dumbkbd\"}",
            "PUT /drives/image {\"drive_id\":\"image\",\"path_on_host\":\"/proc/self/fd/3\",\"is_root_device\":false,\"is_read_only\":true,\"rate_limiter\":{\"bandwidth\":{\"size\":0,\"refill_time\":0},\"ops\":{\"size\":0,\"refill_time\":0}}}",
            "PUT /network-interfaces/eth0 {\"iface_id\":\"eth0\",\"host_dev_name\":\"tap0\",\"guest_mac\":\"02:00:00:00:00:02\",\"rx_rate_limiter\":{\"bandwidth\":{\"size\":0,\"refill_time\":0}},\"tx_rate_limiter\":{\"bandwidth\":{\"size\":0,\"refill_time\":0}}}",
            "PUT /actions {\"action_type\":\"InstanceStart\"}");
    await()
        .untilAsserted(() -> assertThat(file("one", VmConfig.CONSOLE)).contains("booted: quiet"));
    assertThat(VmmProcess.isOf(vm.pid(), "one")).isTrue();
    assertThat(folder.resolve("one").resolve(VmConfig.VMM_LOG)).isEmptyFile();
  }

  @Test
  void devicesHaveTheLimitsOfTheHostAndNotOfTheGuestThatWasSaved() throws IOException {
    home("one");
    var slow = new DeviceLimits(1 << 20, 500, 2 << 20);
    Vm vm = started(vmm(settings(), LOAD).boot(config("one", "quiet", slow)));
    assertThat(devices(vm))
        .contains(
            "\"rate_limiter\":{\"bandwidth\":{\"size\":1048576,\"refill_time\":1000},\"ops\":{\"size\":500,\"refill_time\":1000}}")
        .contains("\"rx_rate_limiter\":{\"bandwidth\":{\"size\":2097152,\"refill_time\":1000}}")
        .contains("\"tx_rate_limiter\":{\"bandwidth\":{\"size\":2097152,\"refill_time\":1000}}");
    vm.save(snapshot);

    Vm clone = restore(settings(), "two", new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY)));

    assertThat(devices(clone)).contains("rate_limiter").doesNotContain("refill_time");
  }

  private static String devices(Vm vm) {
    return ((FirecrackerVm) vm)
        .configure(Duration.ofSeconds(5), api -> api.get("/vm/config").toString());
  }

  @Test
  void aSavedMachineGoesOnAndLeavesTwoFilesWithHolesWherePagesAreZero() throws IOException {
    Vm vm = boot("one", "quiet");

    Duration pause = vm.save(snapshot);

    assertThat(pause).isPositive();
    assertThat(vm.paused()).isFalse();
    assertThat(names(snapshot)).containsExactlyInAnyOrder("memory", "state");
    assertThat(snapshot.resolve("memory")).hasSize(MEMORY);
    String blocks = Command.of("stat", "-c", "%b", snapshot.resolve("memory").toString()).run();
    assertThat(Long.parseLong(blocks.strip()) * 512).isLessThanOrEqualTo(MEMORY * 4 / 5);
    assertThat(names(folder.resolve("one"))).noneMatch(name -> name.startsWith("saved"));
    List<String> asked = requests("one");
    assertThat(asked)
        .containsSubsequence(
            "PATCH /vm {\"state\":\"Paused\"}",
            "PUT /snapshot/create {\"snapshot_type\":\"Diff\",\"snapshot_path\":\"saved-state\",\"mem_file_path\":\"saved-memory\"}",
            "PATCH /vm {\"state\":\"Resumed\"}");
  }

  @Test
  void aDiffOfABootedGuestHoldsTheSameAsAFull() throws IOException {
    Vm vm = boot("one", "quiet");
    Path full = Files.createDirectory(folder.resolve("full"));

    vm.save(snapshot);
    save(vm, false).into(full);

    assertThat(kinds("one")).containsExactly("Diff", "Full");
    assertThat(Files.mismatch(file(SnapshotFiles.MEMORY), full.resolve("memory"))).isEqualTo(-1);
    Vm clone = restore(settings(), "two", new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY)));
    clone.resume();
    awaitTouched("two");
  }

  @Test
  void whatIsSwappedOutMeanwhileIsNotLost() throws IOException {
    Vm vm = boot("one", "quiet");
    var answers = new ArrayDeque<>(List.of(true, false));

    new FirecrackerSave((FirecrackerVm) vm, folder.resolve("one"), answers::pop).into(snapshot);

    assertThat(kinds("one")).containsExactly("Diff", "Full");
    assertThat(Collections.frequency(requests("one"), "PATCH /vm {\"state\":\"Paused\"}")).isOne();
    assertThat(vm.paused()).isFalse();
    Vm clone = restore(settings(), "two", new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY)));
    clone.resume();
    awaitTouched("two");
  }

  @Test
  void versionsThatCannotSaveResidentPagesSaveAll() throws IOException {
    home("one");
    Settings old = settings().withVersion("1.12.0");

    started(vmm(old, LOAD).boot(config("one", "quiet"))).save(snapshot);

    assertThat(kinds("one")).containsExactly("Full");
    assertThat(file(SnapshotFiles.MEMORY)).hasSize(MEMORY);
  }

  private FirecrackerSave save(Vm vm, boolean nothingSwapped) {
    return new FirecrackerSave((FirecrackerVm) vm, folder.resolve("one"), () -> nothingSwapped);
  }

  private List<String> kinds(String id) throws IOException {
    return requests(id).stream()
        .filter(request -> request.contains("snapshot_type"))
        .map(request -> request.replaceFirst(".*\"snapshot_type\":\"(\\w+)\".*", "$1"))
        .toList();
  }

  @Test
  void aMachineThatCannotBeSavedGoesOn() throws IOException {
    Vm vm = boot("one", "quiet");
    Files.createDirectory(folder.resolve("one").resolve("saved-memory"));
    Files.createFile(folder.resolve("one").resolve("saved-memory").resolve("in-the-way"));

    assertThatThrownBy(() -> vm.save(snapshot)).isInstanceOf(SkepException.class);

    assertThat(vm.paused()).isFalse();
  }

  @Test
  void whatAVmmPutsInThePlaceOfItsMemoryIsNotTakenForIt() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "root's");
    Path home = Files.createDirectory(folder.resolve("one"));
    Files.createSymbolicLink(home.resolve("saved-memory"), secret);
    Files.writeString(home.resolve("saved-state"), "state");
    var vm = new FirecrackerVm(ProcessHandle.current(), home, new CompletableFuture<>());

    assertThatThrownBy(() -> new FirecrackerSave(vm, home, () -> true).take(snapshot))
        .hasMessageContaining("not a file of the VMM's alone");
    assertThat(secret).hasContent("root's");
    assertThat(names(snapshot)).isEmpty();
  }

  @Test
  void aCloneMapsTheMemoryAndStandsStillUntilItIsResumed() throws IOException {
    boot("one", "quiet").save(snapshot);

    Vm clone = restore(settings(), "two", new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY)));

    assertThat(clone.paused()).isTrue();
    assertThat(requests("two"))
        .startsWith(
            "PUT /snapshot/load {\"snapshot_path\":\"/proc/self/fd/4\",\"mem_backend\":{\"backend_type\":\"File\",\"backend_path\":\"/proc/self/fd/5\"},\"resume_vm\":false,\"network_overrides\":[{\"iface_id\":\"eth0\",\"host_dev_name\":\"tap0\"}]}");
    clone.resume();
    assertThat(clone.paused()).isFalse();
    awaitTouched("two");
  }

  @Test
  void aStateWithAnotherTapIsLoadedWithTheTapOfThisHost() throws IOException {
    home("one");
    started(vmm(settings(), LOAD).boot(config("one", "quiet", DeviceLimits.NONE, "other0")))
        .save(snapshot);

    Vm clone = restore(settings(), "two", new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY)));

    assertThat(devices(clone)).contains("\"host_dev_name\":\"tap0\"").doesNotContain("other0");
  }

  @Test
  void versionsThatKnowNoOtherTapAreNotToldOne() throws IOException {
    Settings old = settings().withVersion("1.11.0");
    home("one");
    started(vmm(old, LOAD).boot(config("one", "quiet"))).save(snapshot);

    Vm clone = restore(old, "two", new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY)));

    assertThat(clone.paused()).isTrue();
    assertThat(requests("two").getFirst()).endsWith("\"resume_vm\":false}");
  }

  @Test
  void theFirstPagedCloneRecordsAndTheNextFindsItsPagesInstalled() throws Exception {
    Settings settings = settings().withRegions(2);
    home("one");
    started(vmm(settings, LOAD).boot(config("one", "quiet"))).save(snapshot);
    try (PagerClient pager = pager()) {
      pager.serve(guest("two", Optional.empty(), true));
      Vm first = restore(settings, "two", new VmSnapshot.Memory.Paged("p.sock"));
      first.resume();
      awaitTouched("two");
      int pages = pager.record("two", snapshot);
      first.kill();
      pager.forget("two");

      pager.serve(guest("three", Optional.of(snapshot), false));
      Vm second = restore(settings, "three", new VmSnapshot.Memory.Paged("p.sock"));
      second.resume();
      awaitTouched("three");
      PagedStatus status = pager.status("three");

      assertThat(pages).isBetween(300, 306); // what a load touches, and the guest
      assertThat(status.installedBytes()).isEqualTo(pages * 4096L);
      assertThat(status.faults()).isZero();
      second.kill();
      pager.forget("three");
      pager.stop();
    }
  }

  @Test
  void aMachineWhosePagesDoNotComeIsKilledInTime() throws IOException {
    boot("one", "quiet").save(snapshot);
    Path home = home("two");
    try (UnixListener _ = UnixListener.bind(home.resolve("p.sock"), USER)) { // and never accepts
      var impatient = vmm(settings(), Duration.ofSeconds(5));

      assertThatThrownBy(
              () ->
                  impatient.restore(
                      config("two", "quiet"), snapshot(new VmSnapshot.Memory.Paged("p.sock"))))
          .isInstanceOfSatisfying(
              SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.INVALID))
          .hasMessageContaining("the state was not loaded")
          .hasMessageContaining("no answer within 5000 ms");
    }
    await().until(() -> VmmProcess.below(folder).size() == 1); // the one that was saved
  }

  @Test
  void aMachineWhosePagerDiesHangsAndCanBeKilled() throws Exception {
    boot("one", "quiet").save(snapshot);
    Vm clone;
    try (PagerClient pager = pager()) {
      pager.serve(guest("two", Optional.empty(), false));
      clone = restore(settings(), "two", new VmSnapshot.Memory.Paged("p.sock"));
      ProcessHandle.allProcesses()
          .filter(each -> arguments(each).contains(folder.resolve("pager").toString()))
          .forEach(ProcessHandle::destroyForcibly);
      pager.lost().get(10, TimeUnit.SECONDS);
    }

    clone.resume(); // is answered all the same

    assertThatThrownBy(clone::paused)
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.TIMEOUT));
    clone.kill();
    assertThat(clone.onExit().get(10, TimeUnit.SECONDS)).isEqualTo("VMM killed by signal 9");
  }

  @Test
  void aStateThatIsRefusedIsTheProcesssEnd() throws IOException {
    boot("one", "quiet").save(snapshot);
    try (var state = FileChannel.open(file(SnapshotFiles.STATE), StandardOpenOption.WRITE)) {
      state.truncate(state.size() / 2);
    }

    assertThatThrownBy(
            () ->
                restore(
                    settings(), "two", new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY))))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.INVALID))
        .hasMessageContaining("the state was not loaded: Firecracker refused 'PUT /snapshot/load'")
        .hasMessageContaining("bitcode error");
    await().until(() -> VmmProcess.below(folder).size() == 1);
  }

  @Test
  void aVmmThatEndsWithoutAnAnswerIsQuotedFromItsLog() throws IOException {
    boot("one", "quiet").save(snapshot);
    try (var memory = FileChannel.open(file(SnapshotFiles.MEMORY), StandardOpenOption.WRITE)) {
      memory.write(ByteBuffer.wrap("other bytes".getBytes(UTF_8)), 222 * 4096L);
    }

    assertThatThrownBy(
            () ->
                restore(
                    settings(), "two", new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY))))
        .isInstanceOf(SkepException.class)
        .hasMessage(
            "the state was not loaded: VMM ended with exit code 1: page 222 of the guest's memory"
                + " has other bytes");
  }

  @Test
  void aPartThatIsRefusedIsNamedAndNothingRunsOn() throws IOException {
    Files.writeString(folder.resolve("vmlinux"), "no kernel");

    assertThatThrownBy(() -> boot("one", "quiet"))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("the guest was not started: Firecracker refused 'PUT /actions'")
        .hasMessageContaining("invalid kernel image");
    await().until(() -> VmmProcess.below(folder).isEmpty());
  }

  @Test
  void aVmmThatIsNotEvenLaunchedSaysWhy() throws IOException {
    Files.delete(folder.resolve("initrd"));

    assertThatThrownBy(() -> boot("one", "quiet"))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("VMM ended with exit code 125: launch: open")
        .hasMessageContaining("initrd: No such file or directory");
  }

  @Test
  void theLogTellsWhyAGuestEndedAndTheExitCodeDoesNot() throws Exception {
    assertThat(boot("one", "fake.cpu=fails").onExit().get(10, TimeUnit.SECONDS))
        .isEqualTo("VMM ended: Unexpected exit reason on vcpu run: Shutdown");
    assertThat(boot("two", "fake.reset").onExit().get(10, TimeUnit.SECONDS))
        .isEqualTo("the guest ended");
  }

  @Test
  void tellsWhatItsOwnPartOfAStartAndOfASaveTook() throws IOException {
    Vm vm = boot("one", "quiet");
    String number = " \\d+\\.\\d ms";
    assertThat(times(vm)).matches("process" + number + ", its CPU" + number);

    vm.save(snapshot);
    Vm clone = restore(settings(), "two", new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY)));

    assertThat(times(vm)).contains("pause 0.", "diff save ").doesNotContain("load");
    assertThat(times(clone)).contains("process ", "load ").doesNotContain("save");
    String kind = Command.of("stat", "-c", "%F %s", folder.resolve("one/metrics").toString()).run();
    assertThat(kind.strip()).isEqualTo("fifo 0");
  }

  private static String times(Vm vm) {
    return ((FirecrackerVm) vm).times().read();
  }

  @Test
  void theHostsFilesAndProcessesAreOutOfReach() throws IOException {
    Path outside = Path.of("/proc", Long.toString(boot("one", "quiet").pid()), "root");

    assertThat(names(outside)).contains("dev", "proc").doesNotContain("etc", "root", "sys", "var");
    assertThat(names(outside.resolve("dev"))).contains("net", "urandom").doesNotContain("null");
    Path home = outside.resolve(Path.of("/").relativize(folder));
    assertThat(names(home)).containsExactly("one");
    assertThat(home.resolve("one").resolve(FirecrackerVm.API)).exists();
    assertThat(Files.readString(Path.of("/proc/self/mountinfo")))
        .as("the host's")
        .doesNotContain(folder.toString(), "subset=pid");
  }

  @Test
  void aLaterDaemonTakesARunningOneOver() throws Exception {
    Vm before = boot("one", "quiet");
    before.pause();
    try (var watch = ProcessWatch.open()) {
      Vm adopted = RunningVms.attach(before.pid(), watch);

      assertThat(adopted).isInstanceOf(FirecrackerVm.class);
      assertThat(adopted.paused()).isTrue();
      adopted.resume();
      assertThat(before.paused()).isFalse();
      assertThat(adopted.save(snapshot)).isPositive();
      before.kill();
      assertThat(adopted.onExit().get(10, TimeUnit.SECONDS)).isEqualTo("VMM ended");
    }
  }

  private Vm boot(String id, String argument) throws IOException {
    home(id);
    return started(vmm(settings(), LOAD).boot(config(id, argument)));
  }

  private Vm restore(Settings settings, String id, VmSnapshot.Memory memory) throws IOException {
    home(id);
    return started(vmm(settings, LOAD).restore(config(id, "quiet"), snapshot(memory)));
  }

  private Path home(String id) throws IOException {
    Path home = Files.createDirectories(folder.resolve(id));
    new SandboxFolder(home).giveTo(USER);
    return home;
  }

  private Vm started(Vm vm) {
    running.add(vm);
    return vm;
  }

  private static Settings settings() {
    return Settings.observed().withTouchedByResume(TOUCHED);
  }

  private FirecrackerVmm vmm(Settings settings, Duration load) throws IOException {
    Firecracker fake = Firecracker.at(FakeFirecracker.install(programs, settings));
    return new FirecrackerVmm(
        fake.withFiles(FakeFirecracker.files(programs)), folder.resolve("bin"), load);
  }

  private VmConfig config(String id, String argument) {
    return config(id, argument, DeviceLimits.NONE);
  }

  private VmConfig config(String id, String argument, DeviceLimits limits) {
    return config(id, argument, limits, "tap0");
  }

  private VmConfig config(String id, String argument, DeviceLimits limits, String tap) {
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

  private VmSnapshot snapshot(VmSnapshot.Memory memory) {
    return new VmSnapshot(file(SnapshotFiles.STATE), memory);
  }

  private PagerClient pager() throws InterruptedException {
    return new PagerProcess(TestHost.pager(), folder.resolve("pager"), folder.resolve("pager.log"))
        .connectOrStart(Duration.ofSeconds(60));
  }

  private PagedGuest guest(String id, Optional<Path> recorded, boolean record) throws IOException {
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

  private Path file(String name) {
    return snapshot.resolve(name);
  }

  private String file(String id, String name) throws IOException {
    return Files.readString(folder.resolve(id).resolve(name));
  }

  private List<String> requests(String id) throws IOException {
    return Files.readAllLines(folder.resolve(id).resolve(FakeFirecracker.REQUESTS));
  }

  private void awaitTouched(String id) {
    await()
        .untilAsserted(() -> assertThat(file(id, VmConfig.CONSOLE)).contains("touched 300 pages"));
  }

  /** All of them: the JDK shows those in the first 4 KiB, of which a class path may need all. */
  private static List<String> arguments(ProcessHandle process) {
    try {
      Path line = Path.of("/proc", Long.toString(process.pid()), "cmdline");
      return List.of(Files.readString(line).split("\0", -1));
    } catch (IOException e) {
      return List.of(); // ended meanwhile
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(path -> path.getFileName().toString()).toList();
    }
  }
}
