package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.remote.Location;
import dev.skep.remote.S3Snapshots;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.Paging;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.snapshot.Draft;
import dev.skep.snapshot.Lease;
import dev.skep.snapshot.Manifest;
import dev.skep.snapshot.RemoteSnapshots.Found;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.SnapshotKey;
import dev.skep.snapshot.SnapshotStore;
import dev.skep.snapshot.WorkingSet;
import dev.skep.testkit.HostedRuntime;
import dev.skep.testkit.S3Server;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A guest that is saved with one state folder and restored with another, by way of a real S3
 * server.
 */
@Tag("integration")
class RemoteSnapshotTest {
  private static final String ORIGIN = "origin0001";

  @TempDir Path folder;
  private S3Server server;

  /** One host; the two of a test take turns, for they share its network. */
  private final class Host implements AutoCloseable {
    final Path state;
    final HostedRuntime<MicroVmRuntime> runtime;
    final SnapshotStore store;
    final S3Snapshots remote;
    final SnapshotKey key;

    Host(String name) throws IOException {
      state = Files.createDirectories(folder.resolve(name));
      runtime =
          TestHost.open(
              new MicroVmConfig(
                  state,
                  TestHost.cache(),
                  VmmChoice.AUTO,
                  Optional.empty(),
                  0,
                  DeviceLimits.NONE,
                  pager()));
      store = SnapshotStore.open(state.resolve("snapshots"), 1L << 32, Clock.systemUTC());
      remote = S3Snapshots.open(Location.of("s3://snapshots/skep", server.endpoint(), ""), store);
      key = new SnapshotKey(runtime.snapshotKey(spec(ORIGIN)).orElseThrow());
    }

    private static List<String> pager() {
      var command = new ArrayList<>(TestHost.pager());
      command.add(1, "-Daws.accessKeyId=" + System.getProperty("aws.accessKeyId"));
      command.add(1, "-Daws.secretAccessKey=" + System.getProperty("aws.secretAccessKey"));
      return command;
    }

    private SandboxSpec spec(String id) {
      return TestHost.spec(
          state, id, List.of("/kit", "serve"), NetworkPolicy.DEFAULT, Duration.ofSeconds(90));
    }

    StartOutcome start(String id, StartPlan plan) {
      return runtime.start(spec(id), plan, new PhaseRecorder(System::nanoTime));
    }

    Sandbox started(String id, StartPlan plan) {
      StartOutcome outcome = start(id, plan);
      assertThat(outcome).isInstanceOf(StartOutcome.Ok.class);
      return ((StartOutcome.Ok) outcome).sandbox();
    }

    Lease snapshot() {
      return store.find(key).orElseThrow();
    }

    Lease brought() {
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(300))
          .until(() -> remote.bring(key, spec(ORIGIN).imageDigest(), "").equals(new Found.Here()));
      return snapshot();
    }

    @Override
    public void close() {
      runtime.adopt().forEach(left -> left.stop(Duration.ZERO));
      runtime.close();
      remote.close();
      assertThat(new HostObjects(state).all()).isEmpty();
    }
  }

  @BeforeEach
  void open() throws Exception {
    TestHost.assumeUsable();
    System.setProperty("aws.accessKeyId", S3Server.CREDENTIALS.get("AWS_ACCESS_KEY_ID"));
    System.setProperty("aws.secretAccessKey", S3Server.CREDENTIALS.get("AWS_SECRET_ACCESS_KEY"));
    server = S3Server.start(folder.resolve("s3"));
  }

  @AfterEach
  void close() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void aGuestOfOneHostGoesOnAtAnother() throws Exception {
    try (Host a = new Host("a")) {
      share(a, true);
    }
    try (Host b = new Host("b");
        Lease lease = b.brought()) {
      assertThat(lease.whole()).isFalse();

      Sandbox clone = b.started("clone00001", restore(lease, Paging.REMOTE));

      assertThat(get(clone)).contains("GREETING=" + ORIGIN);
      await().atMost(Duration.ofSeconds(60)).until(lease::whole);
      assertThat(b.store.verify(lease.manifest().id())).isEmpty();
      assertThat(get(b.started("clone00002", restore(lease, Paging.REAP)))).contains(ORIGIN);
      assertThat(get(b.started("clone00003", restore(lease, Paging.FILE)))).contains(ORIGIN);
    }
  }

  @Test
  void aRestoreSurvivesAnOutage() throws Exception {
    try (Host a = new Host("a")) {
      share(a, false);
    }
    try (Host b = new Host("b");
        Lease lease = b.brought()) {
      server.interrupt();
      var start =
          CompletableFuture.supplyAsync(() -> b.start("clone00001", restore(lease, Paging.LAZY)));
      Thread.sleep(5_000);
      assertThat(start).isNotDone();

      server.resume();

      assertThat(start.get(60, TimeUnit.SECONDS)).isInstanceOf(StartOutcome.Ok.class);
      assertThat(get(((StartOutcome.Ok) start.join()).sandbox())).contains("GREETING=" + ORIGIN);
    }
  }

  @Test
  void anAlteredMemoryIsNeverInstalled() throws Exception {
    try (Host a = new Host("a")) {
      share(a, false);
    }
    try (Host b = new Host("b");
        Lease lease = b.brought()) {
      for (Path object : server.objects("skep/objects")) {
        byte[] content = Files.readAllBytes(object);
        content[content.length / 2] ^= 1;
        Files.write(object, content);
      }

      StartOutcome outcome = b.start("clone00001", restore(lease, Paging.LAZY));

      assertThat(outcome).isInstanceOf(StartOutcome.Failed.class);
      assertThat(((StartOutcome.Failed) outcome).failure().message())
          .contains("s3://snapshots/skep/objects/")
          .contains("(expected: ");
    }
  }

  /** Takes a snapshot of a guest, has its working set recorded if asked to, and uploads it. */
  private void share(Host host, boolean record) throws Exception {
    Sandbox origin = host.started(ORIGIN, new StartPlan.Boot());
    get(origin);
    String id;
    try (Draft draft = host.store.draft(host.key)) {
      Duration pause = origin.snapshot(draft.folder());
      id =
          draft
              .publish(
                  Manifest.Facts.here(
                      "default", "kit", "kit-00001", origin.spec().imageDigest(), "QEMU", pause))
              .id();
    }
    if (record) {
      try (Lease lease = host.snapshot()) {
        Sandbox first =
            host.started("first00001", new StartPlan.Restore(lease.folder(), Paging.LAZY, true));
        get(first);
        int pages = first.recordTo(lease.folder());
        host.store.recorded(id, pages, (long) pages * WorkingSet.PAGE_BYTES);
      }
    }
    host.remote.published(id);
    Path uploaded = host.state.resolve("snapshots").resolve(id).resolve(SnapshotFiles.ORIGIN);
    await().atMost(Duration.ofSeconds(90)).until(() -> Files.exists(uploaded));
  }

  private static StartPlan restore(Lease lease, Paging paging) {
    return new StartPlan.Restore(lease.folder(), paging, false);
  }

  private static String get(Sandbox sandbox) throws IOException {
    try (var socket = new Socket()) {
      socket.setSoTimeout(20_000);
      socket.connect(sandbox.endpoint(), 5_000);
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
