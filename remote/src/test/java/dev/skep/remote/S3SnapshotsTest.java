package dev.skep.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.remote.FaultyProxy.Fault;
import dev.skep.snapshot.RemoteSnapshots.Found;
import dev.skep.snapshot.Snapshot;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.SnapshotState;
import dev.skep.testkit.S3Server;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Two hosts and a real S3 server between them. */
@Tag("integration")
class S3SnapshotsTest {
  @TempDir Path folder;
  private S3Server server;
  private FaultyProxy proxy;
  private Host a;
  private Host b;

  @BeforeEach
  void open() throws Exception {
    System.setProperty("aws.accessKeyId", S3Server.CREDENTIALS.get("AWS_ACCESS_KEY_ID"));
    System.setProperty("aws.secretAccessKey", S3Server.CREDENTIALS.get("AWS_SECRET_ACCESS_KEY"));
    server = S3Server.start(folder.resolve("s3"));
    proxy = new FaultyProxy(server.port());
    a = new Host(folder.resolve("a"), server.endpoint());
    b = new Host(folder.resolve("b"), proxy.endpoint());
  }

  @AfterEach
  void close() throws Exception {
    if (server != null) {
      a.close();
      b.close();
      proxy.close();
      server.close();
    }
  }

  @Test
  void bringsToOneHostWhatAnotherHasTaken() throws Exception {
    String id = a.take('a', 1);
    a.remote.published(id);
    a.awaitUploaded(id);
    assertThat(b.bring('a')).isEqualTo(new Found.Here());

    Snapshot ready = b.store.list().getFirst();
    assertThat(ready.state()).isEqualTo(SnapshotState.READY);
    assertThat(ready.whole()).isFalse();
    assertThat(ready.manifest().facts()).isEqualTo(Host.facts(dev.skep.linux.HostCpu.model()));
    assertThat(b.file(id, SnapshotFiles.STATE))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("state of 1");
    assertThat(b.fetchMemory(id)).isEqualTo(a.file(id, SnapshotFiles.MEMORY));
    assertThat(b.store.verify(id)).isEmpty();
  }

  @Test
  void sharesTheListsOfLazyImages() {
    String digest = "sha256:" + "5".repeat(64);
    var mine = a.remote.accessLists();
    var theirs = b.remote.accessLists();
    assertThat(theirs.find(digest, 100)).isEmpty();
    mine.share(digest, "0-3 app\n".getBytes(StandardCharsets.UTF_8));
    mine.share(digest, "9 another start\n".getBytes(StandardCharsets.UTF_8));
    assertThat(theirs.find(digest, 100).orElseThrow())
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("0-3 app\n");
    assertThatThrownBy(() -> theirs.find(digest, 7))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("more than 7 bytes");
  }

  @Test
  void bringsTheWorkingSetWithIt() throws Exception {
    String id = a.take('a', 1);
    a.upload(id);
    a.record(id);
    a.upload(id);

    assertThat(b.bring('a')).isEqualTo(new Found.Here());

    assertThat(b.store.list().getFirst().state()).isEqualTo(SnapshotState.RECORDED);
    for (String name : List.of(SnapshotFiles.WORKING_SET, SnapshotFiles.WORKING_SET_PAGES)) {
      assertThat(b.file(id, name)).isEqualTo(a.file(id, name));
    }
  }

  @Test
  void aSetThatIsRecordedWhereTheMemoryIsNotGoesBackToTheStore() throws Exception {
    String id = a.take('a', 1);
    a.upload(id);
    b.bring('a');
    Path memory = b.store.describe(id).folder().resolve(SnapshotFiles.MEMORY);
    Files.write(memory, a.file(id, SnapshotFiles.MEMORY)); // as far as it was touched
    b.record(id);

    b.upload(id);

    Host c = new Host(folder.resolve("c"), server.endpoint());
    assertThat(c.bring('a')).isEqualTo(new Found.Here());
    assertThat(c.store.list().getFirst().state()).isEqualTo(SnapshotState.RECORDED);
    assertThat(c.fetchMemory(id)).isEqualTo(a.file(id, SnapshotFiles.MEMORY));
    c.close();
  }

  @Test
  void sendsNothingTwice() throws Exception {
    a.upload(a.take('a', 1));
    Map<Path, Object> before = objects();
    assertThat(before).hasSize(Host.CHUNKS - 1 + 2); // state and index; zeros are not stored

    a.upload(a.take('b', 1));

    assertThat(objects()).isEqualTo(before);
    assertThat(server.objects("of/all/snapshots")).hasSize(2);
  }

  private Map<Path, Object> objects() {
    return server.objects("of/all/objects").stream()
        .collect(Collectors.toMap(each -> each, S3SnapshotsTest::identity));
  }

  private static Object identity(Path file) {
    try {
      return Files.getAttribute(file, "unix:ino");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void doesNotSeeHalfAnUpload() throws Exception {
    String id = b.take('a', 1);
    proxy.good.set(7);
    proxy.fault = Fault.ERROR;
    assertThatThrownBy(() -> b.upload(id))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.UNAVAILABLE))
        .hasMessageContaining("s3://snapshots/of/all/objects/");
    assertThat(server.objects("of/all/objects")).isNotEmpty();

    assertThat(a.bring('a')).isEqualTo(new Found.NotHere("there is no remote snapshot either"));

    proxy.fault = Fault.NONE;
    b.upload(id);
    await().until(() -> a.bringNow('a').equals(new Found.Here())); // the answer is kept for a while
  }

  @ParameterizedTest
  @ValueSource(strings = {"manifest", "state", "index", "working set"})
  void bringsNothingThatWasAltered(String what) throws Exception {
    String id = a.take('a', 1);
    a.record(id);
    a.upload(id);
    RemoteManifest manifest = Origin.read(a.store.describe(id).folder()).orElseThrow().manifest();
    String key =
        switch (what) {
          case "manifest" -> manifest.key();
          case "state" -> manifest.state().key();
          case "index" -> manifest.index().key();
          default -> manifest.workingSet().orElseThrow().key();
        };
    alter(server.bucket().resolve("of/all").resolve(key));

    Found found = b.bring('a');

    assertThat(found).isInstanceOf(Found.NotHere.class);
    assertThat(((Found.NotHere) found).reason())
        .contains("s3://snapshots/of/all/" + key + ": ")
        .contains("(expected: ");
    assertThat(b.store.list()).isEmpty();
  }

  @Test
  void fetchesNoChunkThatWasAltered() throws Exception {
    String id = a.take('a', 1);
    a.upload(id);
    for (Path object : server.objects("of/all/objects")) {
      if (Files.size(object) > 100_000) {
        alter(object);
      }
    }
    b.bring('a');

    assertThatThrownBy(() -> b.fetchMemory(id))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.INVALID))
        .hasMessageMatching("s3://snapshots/of/all/objects/.*: .* \\(expected: .* SHA-256 .*\\)");
  }

  private static void alter(Path object) throws IOException {
    byte[] content = Files.readAllBytes(object);
    content[content.length / 2] ^= 4;
    Files.write(object, content);
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"ERROR", "SHORT", "ALTERED", "SLOW", "SILENT"})
  void aStoreThatMisbehavesOnlyCostsABoot(Fault fault) throws Exception {
    a.upload(a.take('a', 1));
    b.bring('0'); // the first call loads the SDK
    proxy.fault = fault;
    long begun = System.nanoTime();

    Found found = b.bringNow('a');

    assertThat(found).isInstanceOf(Found.NotHere.class);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(3));
    assertThat(b.store.list()).isEmpty();
    proxy.fault = Fault.NONE;
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(200))
        .until(() -> b.bringNow('a').equals(new Found.Here()));
  }

  @Test
  void aStoreThatIsAwayIsAskedAgainLater() throws Exception {
    String id = a.take('a', 1);
    a.upload(id);
    server.interrupt();

    Found found = a.bringNow('b');
    assertThat(found).isInstanceOf(Found.NotHere.class);
    a.bringNow('b');
    long begun = System.nanoTime();
    assertThat(((Found.NotHere) a.bringNow('b')).reason()).contains("away").contains("refused");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofMillis(100));

    server.resume();
    await().until(() -> b.bringNow('a').equals(new Found.Here()));
    server.interrupt();
    assertThatThrownBy(() -> b.fetchMemory(id))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isNotEqualTo(Code.INVALID));
    server.resume();
    assertThat(b.fetchMemory(id)).isEqualTo(a.file(id, SnapshotFiles.MEMORY));
  }

  @Test
  void aSnapshotOfAnotherKindOfHostIsRefusedWithTheReason() throws Exception {
    a.upload(a.take('a', 1, "Z80"));

    assertThat(((Found.NotHere) b.bring('b')).reason())
        .isEqualTo(
            "the remote snapshot of this image is of another kind of host: %s on Z80 (expected: %s on %s)"
                .formatted(Host.VMM, Host.VMM, dev.skep.linux.HostCpu.model()));
    assertThat(b.store.list()).isEmpty();
  }

  @Test
  void keepsToTheBudget() throws Exception {
    a.upload(a.take('a', 1));
    Host small = new Host(folder.resolve("c"), server.endpoint(), 1 << 20);

    assertThat(((Found.NotHere) small.bring('a')).reason()).contains("snapshots.budget");

    assertThat(small.store.list()).isEmpty();
    small.close();
  }

  @Test
  void whatDidNotWorkIsNotBroughtAgainButReplaced() throws Exception {
    String id = a.take('a', 1);
    a.upload(id);
    List<Path> chunks = server.objects("of/all/objects");
    for (Path object : chunks) {
      alter(object);
    }
    b.remote.distrust(Host.key('a'));

    assertThat(b.bring('a')).isEqualTo(new Found.NotHere("the remote snapshot did not work here"));

    String own = b.take('a', 1); // the same content: all of it seems to be there
    b.remote.published(own);
    b.awaitUploaded(own);
    Host c = new Host(folder.resolve("c"), server.endpoint());
    await().until(() -> c.bringNow('a').equals(new Found.Here()));
    assertThat(c.fetchMemory(own)).isEqualTo(b.file(own, SnapshotFiles.MEMORY));
    c.close();
  }

  @Test
  void leavesNoSecretBehind() throws Exception {
    String id = a.take('a', 1);
    a.upload(id);
    b.bring('a');

    for (Path object : server.objects("of/all/snapshots")) {
      assertThat(Files.readString(object)).doesNotContain(S3Server.CREDENTIALS.values());
    }
    assertThat(new String(b.file(id, SnapshotFiles.ORIGIN), StandardCharsets.UTF_8))
        .doesNotContain(S3Server.CREDENTIALS.values());
  }
}
