package dev.skep.microvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import dev.skep.linux.ProcessWatch;
import dev.skep.sandbox.Mount;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.Paging;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.pager.PagedStatus;
import dev.skep.snapshot.pager.PagerClient;
import dev.skep.testkit.HostedRuntime;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guests that are saved once and restored often. */
@Tag("integration")
class SnapshotTest {
  @TempDir Path state;
  private Path snapshot;
  private List<Mount> mounts = List.of();
  private HostedRuntime<MicroVmRuntime> runtime;

  @BeforeAll
  static void needsAHost() {
    TestHost.assumeUsable();
  }

  @BeforeEach
  void openRuntime() throws IOException {
    snapshot = Files.createDirectories(state.resolve("snapshot"));
    runtime = TestHost.open(TestHost.config(state, vmm()));
  }

  VmmChoice vmm() {
    return VmmChoice.QEMU;
  }

  /** What the VMM says of half a state, and of one with other bytes. */
  List<String> refusals() {
    return List.of("VMM ended", "load of migration failed");
  }

  @AfterEach
  void leavesNothing() {
    runtime.adopt().forEach(left -> left.stop(Duration.ZERO));
    runtime.close();
    assertThat(new HostObjects(state).all()).isEmpty();
  }

  @Test
  void clonesAnswerAndAreNotTwins() throws IOException {
    Sandbox first = started("origin0001", new StartPlan.Boot());
    assertThat(get(first)).contains("GREETING=origin0001");

    Duration pause = first.snapshot(snapshot);

    assertThat(get(first)).contains("GREETING=origin0001"); // it goes on
    assertThat(pause).isLessThan(Duration.ofSeconds(5));
    Sandbox one = started("clone00001", restore(Paging.FILE));
    Sandbox two = started("clone00002", restore(Paging.FILE));
    assertThat(get(one)).contains("GREETING=origin0001"); // its process is the one that was saved
    assertThat(get(two)).contains("GREETING=origin0001");
    List<String> of = identity(first);
    List<String> ofOne = identity(one);
    List<String> ofTwo = identity(two);
    assertThat(List.of(of.get(0), ofOne.get(0), ofTwo.get(0))).doesNotHaveDuplicates();
    assertThat(List.of(of.get(1), ofOne.get(1), ofTwo.get(1)))
        .containsExactly("host-origin0001", "host-clone00001", "host-clone00002");
    assertThat(List.of(of.get(2), ofOne.get(2), ofTwo.get(2))).doesNotHaveDuplicates();
    assertThat(ofOne.get(2)).hasSize(32);
  }

  @Test
  void theFirstRestoreRecordsAndLaterOnesInstall() throws IOException {
    Sandbox origin = started("origin0001", new StartPlan.Boot());
    get(origin);
    origin.snapshot(snapshot);
    Sandbox first = started("clone00001", new StartPlan.Restore(snapshot, Paging.LAZY, true));
    assertThat(get(first)).contains("GREETING=origin0001");

    int pages = first.recordTo(snapshot);

    assertThat(pages).isGreaterThan(100);
    assertThat(snapshot.resolve(SnapshotFiles.WORKING_SET_PAGES)).hasSize(pages * 4096L);
    for (Paging paging : List.of(Paging.REAP, Paging.PREFETCH, Paging.LAZY)) {
      String id =
          "c" + String.format("%9s", paging.name().toLowerCase(Locale.ROOT)).replace(' ', '0');
      Sandbox clone = started(id, restore(paging));
      assertThat(get(clone)).as(id).contains("GREETING=origin0001");
      if (paging == Paging.REAP) {
        PagedStatus status = status(id);
        assertThat(status.installedBytes()).isGreaterThan(pages * 4096L * 9 / 10);
        assertThat(status.faults()).isLessThan(pages / 10);
      }
    }
  }

  @Test
  void aPagerThatDiesEndsExactlyTheGuestsThatItServes() throws Exception {
    Sandbox origin = started("origin0001", new StartPlan.Boot());
    origin.snapshot(snapshot);
    Sandbox paged = started("clone00001", restore(Paging.LAZY));
    Sandbox mapped = started("clone00002", restore(Paging.FILE));

    long pager = new HostObjects(state).pager().orElseThrow();
    ProcessHandle.of(pager).orElseThrow().destroyForcibly();

    assertThat(paged.onExit().toCompletableFuture().get(20, TimeUnit.SECONDS).message())
        .contains("its pager has ended");
    assertThat(get(mapped)).contains("GREETING=origin0001");
    assertThat(get(origin)).contains("GREETING=origin0001");
    assertThat(get(started("clone00003", restore(Paging.LAZY)))).contains("GREETING"); // a new one
  }

  @Test
  void pagedGuestsOutliveTheDaemon() throws IOException {
    started("origin0001", new StartPlan.Boot()).snapshot(snapshot);
    started("clone00001", restore(Paging.LAZY));

    runtime.close();
    runtime = TestHost.open(TestHost.config(state, vmm()));

    List<Sandbox> adopted = runtime.adopt();
    assertThat(adopted.stream().map(Sandbox::id)).contains("clone00001");
    for (Sandbox each : adopted) {
      assertThat(get(each)).contains("GREETING=origin0001");
    }
  }

  @Test
  void anIdleVmmTakesTheStateOfTheNextRestore() throws Exception {
    reopen(1);
    Sandbox origin = started("origin0001", new StartPlan.Boot());
    get(origin);
    origin.snapshot(snapshot);
    started("clone00001", new StartPlan.Restore(snapshot, Paging.LAZY, true)).recordTo(snapshot);
    started("clone00002", restore(Paging.REAP));
    awaitIdle("idle-0");

    Sandbox fromIdle = started("clone00003", restore(Paging.REAP));

    assertThat(get(fromIdle)).contains("GREETING=origin0001");
    assertThat(identity(fromIdle).get(1)).isEqualTo("host-clone00003");
    assertThat(fromIdle.pagedMemory()).isPresent();
    assertThat(fromIdle.stats().memoryBytes()).isPositive();
    assertThat(new HostObjects(state).vmm("idle-0")).isPresent();
    awaitIdle("idle-1");

    reopen(1); // the daemon ends: what is in use goes on, what waits does not
    assertThat(new HostObjects(state).vmm("idle-1")).isEmpty();
    Sandbox adopted =
        runtime.adopt().stream()
            .filter(each -> each.id().equals("clone00003"))
            .findFirst()
            .orElseThrow();
    assertThat(get(adopted)).contains("GREETING=origin0001");
    adopted.stop(Duration.ZERO);
    assertThat(new HostObjects(state).vmm("idle-0")).isEmpty();
  }

  @Test
  void aKilledIdleVmmIsMissedByNobody() throws Exception {
    reopen(1);
    started("origin0001", new StartPlan.Boot()).snapshot(snapshot);
    started("clone00001", restore(Paging.FILE));
    awaitIdle("idle-0");

    new HostObjects(state).vmm("idle-0").orElseThrow().destroyForcibly();

    assertThat(get(started("clone00002", restore(Paging.FILE)))).contains("GREETING=origin0001");
  }

  private void reopen(int idleVms) {
    runtime.close();
    runtime = TestHost.open(TestHost.config(state, vmm()).withIdleVms(idleVms));
    runtime.adopt();
  }

  /** Its VMM runs, and no one is about to be made. */
  private void awaitIdle(String name) {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> new HostObjects(state).vmm(name).isPresent() && runtime.runtime().idle() == 1);
  }

  private PagedStatus status(String vm) {
    try (var client = PagerClient.connect(state.resolve("pager.sock"))) {
      return client.status(vm);
    }
  }

  @Test
  void aCloneHasTheHostsTimeAndOnlyItsOwnOutput() throws Exception {
    Sandbox first = started("origin0001", new StartPlan.Boot());
    first.snapshot(snapshot);
    first.stop(Duration.ZERO);

    Sandbox clone = started("clone00001", restore(Paging.FILE));

    long before = System.currentTimeMillis();
    long guest = Long.parseLong(identity(clone).get(3)) / 1_000_000;
    long after = System.currentTimeMillis();
    assertThat(guest).isCloseTo((before + after) / 2, within(50 + (after - before) / 2));
    assertThat(clone.spec().logFile()).doesNotExist(); // "listening on" was its twin's to say
  }

  @Test
  void aFullDiskEndsTheSnapshotAndNotTheGuest() throws IOException {
    Sandbox origin = started("origin0001", new StartPlan.Boot());
    Path small = Files.createDirectories(state.resolve("small"));
    Command.of("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small.toString()).run();
    try {
      assertThatThrownBy(() -> origin.snapshot(small))
          .isInstanceOfSatisfying(
              SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.EXHAUSTED))
          .hasMessageContaining("No space left");
    } finally {
      Command.of("umount", small.toString()).run();
    }

    assertThat(get(origin)).contains("GREETING=origin0001");
    origin.snapshot(snapshot);
    assertThat(get(started("clone00001", restore(Paging.FILE)))).contains("GREETING=origin0001");
  }

  @Test
  void aGuestThatStoodStillForASnapshotWhenTheDaemonDiedIsAdopted() throws IOException {
    Sandbox origin = started("origin0001", new StartPlan.Boot());
    long vmm = VmmProcess.below(state.toRealPath().resolve("sandboxes")).getFirst();
    try (var watch = ProcessWatch.open()) {
      RunningVms.attach(vmm, watch).pause();
    }

    runtime.close();
    runtime = TestHost.open(TestHost.config(state, vmm()));
    Sandbox adopted = runtime.adopt().getFirst();
    adopted.resume();

    assertThat(adopted.id()).isEqualTo(origin.id());
    assertThat(get(adopted)).contains("GREETING=origin0001");
  }

  @Test
  void thirtyTwoClonesShareNoRandomness() throws Exception {
    started("origin0001", new StartPlan.Boot()).snapshot(snapshot);
    var all = new ArrayList<CompletableFuture<String>>();
    try (var threads = Executors.newFixedThreadPool(2)) {
      for (int i = 0; i < 32; i++) {
        String id = "clone%05d".formatted(i);
        all.add(CompletableFuture.supplyAsync(() -> randomOf(id), threads));
      }
      assertThat(all.stream().map(CompletableFuture::join)).doesNotHaveDuplicates();
    }
  }

  private String randomOf(String id) {
    Sandbox clone = started(id, restore(Paging.FILE));
    String random = identity(clone).getFirst();
    clone.stop(Duration.ZERO);
    return random;
  }

  @Test
  void aStateThatIsCutOffIsRefusedWithTheVmmsWords() throws IOException {
    started("origin0001", new StartPlan.Boot()).snapshot(snapshot);
    Path file = snapshot.resolve(SnapshotFiles.STATE);
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() / 2);
    }

    StartFailure failure = failed("clone00001", restore(Paging.FILE));

    assertThat(failure.message())
        .contains("the state was not loaded")
        .contains(refusals().getFirst());
  }

  @Test
  void aStateThatIsNoneIsRefusedWithTheVmmsWords() throws IOException {
    started("origin0001", new StartPlan.Boot()).snapshot(snapshot);
    Path file = snapshot.resolve(SnapshotFiles.STATE);
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(64), 0);
    }

    StartFailure failure = failed("clone00001", restore(Paging.FILE));

    assertThat(failure.message()).contains(refusals().getLast());
  }

  @Test
  void clonesHaveWhatTheOriginalHadMountedAlsoOverFilesOfItsIdentity() {
    mounts =
        List.of(
            files("/etc/app", "main.conf", "a = 1"),
            files("/etc/hosts", "", "10.0.0.1 mine"),
            new Mount.Scratch("/work", OptionalLong.of(1 << 20)));
    Sandbox origin = started("origin0001", new StartPlan.Boot());
    origin.exec(
        List.of("/kit", "write", "/work/a"), "kept".getBytes(UTF_8), Duration.ofSeconds(20));
    origin.snapshot(snapshot);

    Sandbox clone = started("clone00001", restore(Paging.FILE));

    assertThat(identity(clone).get(1)).isEqualTo("host-clone00001");
    assertThat(MicroVmFaultsTest.exec(clone, "/kit", "read", "/etc/app/main.conf"))
        .isEqualTo("a = 1");
    assertThat(MicroVmFaultsTest.exec(clone, "/kit", "read", "/etc/hosts"))
        .isEqualTo("10.0.0.1 mine");
    assertThat(MicroVmFaultsTest.exec(clone, "/kit", "read", "/work/a")).isEqualTo("kept");
  }

  private static Mount.Files files(String path, String name, String content) {
    return new Mount.Files(path, Map.of(name, content.getBytes(UTF_8)), 0644);
  }

  private StartPlan.Restore restore(Paging paging) {
    return new StartPlan.Restore(snapshot, paging, false);
  }

  private Sandbox started(String id, StartPlan plan) {
    StartOutcome outcome = start(id, plan);
    assertThat(outcome).isInstanceOf(StartOutcome.Ok.class);
    return ((StartOutcome.Ok) outcome).sandbox();
  }

  private StartFailure failed(String id, StartPlan plan) {
    StartOutcome outcome = start(id, plan);
    assertThat(outcome).isInstanceOf(StartOutcome.Failed.class);
    return ((StartOutcome.Failed) outcome).failure();
  }

  private StartOutcome start(String id, StartPlan plan) {
    var spec =
        TestHost.spec(
                state, id, List.of("/kit", "serve"), NetworkPolicy.DEFAULT, Duration.ofSeconds(60))
            .withMounts(mounts);
    return runtime.start(spec, plan, new PhaseRecorder(System::nanoTime));
  }

  private static List<String> identity(Sandbox sandbox) {
    return MicroVmFaultsTest.exec(sandbox, "/kit", "identity").lines().toList();
  }

  private static String get(Sandbox sandbox) throws IOException {
    try (var socket = new Socket()) {
      socket.setSoTimeout(10_000);
      socket.connect(sandbox.endpoint(), 5_000);
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
