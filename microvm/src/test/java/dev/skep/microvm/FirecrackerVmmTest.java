package dev.skep.microvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import dev.skep.linux.ProcessWatch;
import dev.skep.linux.UnixListener;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.pager.PagedStatus;
import dev.skep.snapshot.pager.PagerClient;
import dev.skep.testkit.firecracker.Settings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The driver: starts, restores and how they fail. */
@Tag("integration")
class FirecrackerVmmTest extends FirecrackerRig {
  @Test
  void aBootAsksForEachPartOnceAndInOrder() throws IOException {
    Vm vm = boot("one", "quiet");

    assertThat(vm.paused()).isFalse();
    assertThat(requests("one"))
        .startsWith(
            "PUT /machine-config {\"vcpu_count\":2,\"mem_size_mib\":8}",
            "PUT /boot-source"
                + " {\"kernel_image_path\":\"/kernel\",\"initrd_path\":\"/initrd\",\"boot_args\":\"quiet"
                + " console=ttyS0 reboot=k pci=off i8042.noaux i8042.nomux i8042.nopnp"
                + " i8042.dumbkbd\"}",
            "PUT /drives/image"
                + " {\"drive_id\":\"image\",\"path_on_host\":\"/image\",\"is_root_device\":false,\"is_read_only\":true,\"rate_limiter\":{\"bandwidth\":{\"size\":0,\"refill_time\":0},\"ops\":{\"size\":0,\"refill_time\":0}}}",
            "PUT /network-interfaces/eth0"
                + " {\"iface_id\":\"eth0\",\"host_dev_name\":\"tap0\",\"guest_mac\":\"02:00:00:00:00:02\",\"rx_rate_limiter\":{\"bandwidth\":{\"size\":0,\"refill_time\":0}},\"tx_rate_limiter\":{\"bandwidth\":{\"size\":0,\"refill_time\":0}}}",
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

  @Test
  void aCloneMapsTheMemoryAndStandsStillUntilItIsResumed() throws IOException {
    boot("one", "quiet").save(snapshot);

    Vm clone = restore(settings(), "two", new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY)));

    assertThat(clone.paused()).isTrue();
    assertThat(requests("two"))
        .startsWith(
            "PUT /snapshot/load"
                + " {\"snapshot_path\":\"/state\",\"mem_backend\":{\"backend_type\":\"File\",\"backend_path\":\"/memory\"},\"resume_vm\":false,\"network_overrides\":[{\"iface_id\":\"eth0\",\"host_dev_name\":\"tap0\"}]}");
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
  void aPartThatIsMissingIsNamedAndNothingRunsOn() throws IOException {
    Files.delete(folder.resolve("initrd"));

    assertThatThrownBy(() -> boot("one", "quiet"))
        .isInstanceOf(SkepException.class)
        .hasMessage(
            "the guest was not started: " + folder.resolve("initrd") + ": no such file (errno 2)");
    await().until(() -> VmmProcess.below(folder).isEmpty());
  }

  @Test
  void aVmmThatIsNotEvenLaunchedSaysWhy() throws IOException {
    home("one");
    FirecrackerVmm lacking = vmm(settings(), LOAD, List.of(folder.resolve("missing")));

    assertThatThrownBy(() -> lacking.boot(config("one", "quiet")))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("VMM ended with exit code 125: launch: find")
        .hasMessageContaining("missing: No such file or directory");
  }

  /** Nothing of it, its image and its snapshot was there when the VMM was started. */
  @Test
  void aVmmThatWaitsLoadsWhicheverSnapshotIsChosen() throws IOException {
    home("idle");
    WaitingVm idle =
        vmm(settings(), LOAD)
            .prepare(
                config("idle", "quiet"),
                new VmSnapshot(
                    folder.resolve("none"),
                    folder.resolve("none"),
                    new VmSnapshot.Memory.Paged("none")));
    started(idle.vm());
    boot("one", "quiet").save(snapshot);
    Path image = Files.writeString(folder.resolve("image-of-one"), "chosen later");

    Vm clone =
        idle.load(
            new VmSnapshot(
                image,
                file(SnapshotFiles.STATE),
                new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY))));
    clone.resume();

    awaitTouched("idle");
    Path root = Path.of("/proc", Long.toString(clone.pid()), "root");
    assertThat(root.resolve("image")).hasContent("chosen later");
    assertThat(root.resolve("kernel")).isEmptyFile();
    assertThatThrownBy(() -> Files.writeString(root.resolve("image"), "by root even"))
        .hasMessageContaining("Read-only file system");
    assertThat(Files.readString(Path.of("/proc/self/mountinfo")))
        .as("the host's")
        .doesNotContain(folder.toString(), "image-of-one");
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

  /** All of them: the JDK shows those in the first 4 KiB, of which a class path may need all. */
  private static List<String> arguments(ProcessHandle process) {
    try {
      Path line = Path.of("/proc", Long.toString(process.pid()), "cmdline");
      return List.of(Files.readString(line).split("\0", -1));
    } catch (IOException e) {
      return List.of(); // ended meanwhile
    }
  }
}
