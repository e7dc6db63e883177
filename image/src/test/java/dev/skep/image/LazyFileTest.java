package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.linux.FuseNode;
import dev.skep.linux.FuseReply;
import dev.skep.linux.ReadOnlyFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads of an image whose content is fetched meanwhile, without the kernel in between. */
class LazyFileTest {
  private static final int FILES = 40;

  @TempDir Path root;

  private final FakeRegistry registry = FakeRegistry.start();
  private final ImageSettings settings =
      new ImageSettings(List.of(), Path.of("/nowhere"), 2, Duration.ofSeconds(5), 2, 1L << 30, 0);
  private final Transport transport = new Transport(settings.idleTimeout());
  private FakeRegistry.Layer layer = Estargz.layer(tar());
  private ImageFolder folder;
  private String key = "";
  private Path full;

  @BeforeEach
  void pull() throws Exception {
    Tars tar = tar();
    for (int i = 0; i < FILES; i++) {
      tar.file("f" + i, LazyPullTest.noise(i, 100_000));
    }
    layer = Estargz.layer(tar);
    registry.push("app", "1", layer);
    folder = ImageFolder.open(Files.createDirectory(root.resolve("images")));
    Path made = Files.createDirectory(root.resolve("made"));
    try (Registries registries =
            new Registries(settings, new Platform("linux", "amd64"), folder.blobs(), _ -> {});
        RegistryPull pull =
            registries.pull(
                ImageReference.parse(registry.address() + "/app:1"), Images.Progress.NONE)) {
      key = Flattener.key(pull.found().diffIds().orElseThrow()).hex();
      pull.lazy().orElseThrow().into(new LazyFolder(made), 1L << 30);
    }
    folder.publishLazy(made, key);
    Layer same =
        new Layer(
            "layer",
            Optional.empty(),
            Optional.empty(),
            layer.blob().length,
            () -> new java.io.ByteArrayInputStream(layer.blob()));
    new Flattener(root, 1L << 30, _ -> {}).flatten("full", Found.layersOf(List.of(same)));
    full = root.resolve("full");
  }

  @AfterEach
  void stop() {
    transport.close();
    registry.close();
  }

  private LazyImages server() {
    return new LazyImages(folder, settings, transport, _ -> {}, Duration.ZERO);
  }

  private FuseNode node(LazyImages server) {
    return Objects.requireNonNull(server.find(key + ".erofs"));
  }

  /** Empty stands for an input/output error. */
  private static CompletableFuture<Optional<byte[]>> read(FuseNode node, long offset, int bytes) {
    var answer = new CompletableFuture<Optional<byte[]>>();
    node.read(offset, bytes, new Answer(answer));
    return answer;
  }

  private record Answer(CompletableFuture<Optional<byte[]>> to) implements FuseReply {
    @Override
    public void data(ReadOnlyFile file, long offset, int bytes) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment memory = arena.allocate(bytes);
        file.readFully(memory, offset);
        to.complete(Optional.of(memory.toArray(ValueLayout.JAVA_BYTE)));
      }
    }

    @Override
    public void data(byte[] content, int from, int bytes) {
      to.complete(Optional.of(java.util.Arrays.copyOfRange(content, from, from + bytes)));
    }

    @Override
    public void failed() {
      to.complete(Optional.empty());
    }
  }

  private static Optional<byte[]> get(CompletableFuture<Optional<byte[]>> answer) throws Exception {
    return answer.get(20, TimeUnit.SECONDS);
  }

  private void assertReads(FuseNode node, long offset, int bytes) throws Exception {
    byte[] expected =
        java.util.Arrays.copyOfRange(Files.readAllBytes(full), (int) offset, (int) offset + bytes);
    assertThat(get(read(node, offset, bytes)).orElseThrow()).isEqualTo(expected);
  }

  private void awaitComplete() {
    org.awaitility.Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> Files.exists(folder.erofs(key)) && !Files.exists(folder.lazy(key).path()));
  }

  private String blobPath() {
    return "/blobs/" + FakeRegistry.digest(layer.blob());
  }

  @Test
  void ofARemovedImageOnlyWhatIsReadIsFetched() throws Exception {
    CountDownLatch held = registry.holdBlobs();
    LazyImages server = server();
    FuseNode node = node(server);
    org.awaitility.Awaitility.await().until(() -> registry.count("/blobs/") > 2);
    long before = registry.count("/blobs/");
    folder.delete(key);
    server.tick();
    held.countDown();
    assertReads(node, 3_900_000, 1000);
    org.awaitility.Awaitility.await()
        .during(Duration.ofMillis(900)) // three times what the background waits for
        .atMost(Duration.ofSeconds(5))
        .until(() -> registry.count("/blobs/") == before + 1);
  }

  @Test
  void whatIsReadIsFetchedFirstAndThenAllElse() throws Exception {
    CountDownLatch held = registry.holdBlobs();
    FuseNode node = node(server());
    var last = read(node, 4096 + 39 * 102_400, 5000);
    var twoFiles = read(node, 4096 + 20 * 102_400 - 3000, 6000);
    assertReads(node, 0, 2048); // metadata needs nothing
    held.countDown();
    byte[] image = Files.readAllBytes(full);
    int at = 4096 + 39 * 102_400;
    assertThat(get(last).orElseThrow())
        .isEqualTo(java.util.Arrays.copyOfRange(image, at, at + 5000));
    assertThat(get(twoFiles)).isPresent();
    awaitComplete();
    assertThat(folder.erofs(key)).hasSameBinaryContentAs(full);
    assertReads(node, 0, image.length);
  }

  @Test
  void aChunkWithAnotherDigestIsAnErrorAndNeverGivenOut() throws Exception {
    byte[] altered = layer.blob().clone();
    altered[altered.length / 2] ^= 1;
    registry.swapBlob(FakeRegistry.digest(layer.blob()), altered);
    LazyImages server = server();
    FuseNode node = node(server);
    byte[] image = Files.readAllBytes(full);
    int failures = 0;
    for (int file = 0; file < FILES; file++) {
      int at = 4096 + file * 102_400;
      Optional<byte[]> read = get(read(node, at, 100_000));
      failures += read.isEmpty() ? 1 : 0;
      read.ifPresent(
          bytes ->
              assertThat(bytes).isEqualTo(java.util.Arrays.copyOfRange(image, at, at + 100_000)));
    }
    assertThat(failures).isEqualTo(1);
    assertThat(text(server)).contains("chunk that");
    registry.heal();
    awaitComplete();
    assertThat(folder.erofs(key)).hasSameBinaryContentAs(full);
  }

  private String text(LazyImages server) throws Exception {
    FuseNode status = Objects.requireNonNull(server.find(key + ".json"));
    byte[] all = get(read(status, 0, (int) status.size())).orElseThrow();
    return new String(all, StandardCharsets.UTF_8);
  }

  @Test
  void triesAgainWhatARegistryRefusesForATime() throws Exception {
    registry.fail(blobPath(), 429, "1", 3);
    registry.fail(blobPath(), 503, "", 2);
    registry.cutBlob(FakeRegistry.digest(layer.blob()), 1000, 3);
    assertReads(node(server()), 4096, 200_000);
  }

  @Test
  void aRegistryThatStaysAwayIsAnErrorUntilItComesBack() throws Exception {
    registry.fail(blobPath(), 500, "", Integer.MAX_VALUE);
    FuseNode node = node(server());
    assertThat(get(read(node, 4096, 4096))).isEmpty();
    registry.heal();
    assertReads(node, 4096, 4096);
  }

  @Test
  void aRegistryThatForgetsRangesInTheMiddleGivesTheRightBytes() throws Exception {
    registry.ignoreRanges();
    assertReads(node(server()), 4096 + 30 * 102_400, 50_000);
  }

  @Test
  void followsRedirectsAndRenewsTokens() throws Exception {
    registry.requireTokens();
    FuseNode node = node(server());
    assertReads(node, 4096, 4096);
    try (FakeRegistry storage = FakeRegistry.start()) {
      storage.putBlob(layer.blob());
      registry.redirectBlobsTo(storage);
      assertReads(node, 4096 + 35 * 102_400, 4096);
      awaitComplete();
    }
  }

  @Test
  void anotherProcessGoesOnAndBelievesNothing() throws Exception {
    byte[] image = Files.readAllBytes(full);
    try (var out =
        java.nio.channels.FileChannel.open(
            folder.lazy(key).image(), java.nio.file.StandardOpenOption.WRITE)) {
      // the first file is there, the second is damaged
      out.write(java.nio.ByteBuffer.wrap(image, 4096, 100_000), 4096);
      out.write(java.nio.ByteBuffer.wrap(image, 4096, 100_000), 4096 + 102_400);
    }
    long before = registry.count(blobPath());
    CountDownLatch held = registry.holdBlobs();
    FuseNode node = node(server());
    assertReads(node, 4096, 50_000);
    held.countDown();
    assertReads(node, 4096 + 102_400, 100_000);
    awaitComplete();
    assertThat(folder.erofs(key)).hasSameBinaryContentAs(full);
    assertThat(registry.count(blobPath())).isGreaterThan(before);
  }

  @Test
  void whatIsReadIsRecordedAndFetchedFirstTheNextTime() throws Exception {
    LazyImages server = server();
    FuseNode node = node(server);
    assertReads(node, 4096 + 30 * 102_400, 4096);
    assertReads(node, 4096 + 5 * 102_400, 4096);
    assertReads(node, 4096 + 6 * 102_400, 4096);
    server.tick(); // the time of the record begins
    server.tick(); // and is over
    assertThat(folder.access(key)).hasContent("30 f30\n5 f5\n6 f6\n");
    awaitComplete();
    assertThat(AccessList.read(folder.access(key), FILES)).containsExactly(30, 5, 6);
  }

  @Test
  void anImageThatWasRemovedAndPulledAgainIsAnotherFile() throws Exception {
    CountDownLatch held = registry.holdBlobs();
    LazyImages server = server();
    FuseNode first = node(server);
    assertThat(node(server)).isSameAs(first);
    Path copy = root.resolve("copy");
    Command.bash("cp -a \"$1\" \"$2\"", folder.lazy(key).path(), copy);
    folder.delete(key);
    assertThat(server.find(key + ".erofs")).isNull();
    folder.publishLazy(copy, key);
    FuseNode second = node(server);
    assertThat(second).isNotSameAs(first);
    held.countDown();
    assertReads(first, 4096 + 10 * 102_400, 4096);
    assertReads(second, 4096 + 20 * 102_400, 4096);
    awaitComplete();
    assertThat(folder.erofs(key)).hasSameBinaryContentAs(full);
    first.forgotten();
    assertReads(second, 4096, 4096);
  }

  @Test
  void aListIsAdviceAndNeverAnError() throws Exception {
    Path list = Files.writeString(root.resolve("list"), "7\n5-9\nx\n-1\n99999999\n38-120\n\n");
    assertThat(AccessList.read(list, FILES)).containsExactly(7, 5, 6, 8, 9, 38, 39);
  }
}
