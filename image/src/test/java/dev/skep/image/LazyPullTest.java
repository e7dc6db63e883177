package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What tables of contents become, against what the layers themselves become. */
class LazyPullTest {
  @TempDir Path folder;

  private final FakeRegistry registry = FakeRegistry.start();

  @AfterEach
  void stop() {
    registry.close();
  }

  private final ImageSettings settings =
      new ImageSettings(List.of(), Path.of("/nowhere"), 2, Duration.ofSeconds(5), 2, 1L << 30, 0);

  private LazyFolder pull(FakeRegistry.Layer... layers) throws Exception {
    registry.push("app", "1", layers);
    LazyFolder lazy = new LazyFolder(Files.createDirectory(folder.resolve("lazy")));
    Path blobs = Files.createDirectory(folder.resolve("blobs"));
    try (Registries registries =
            new Registries(settings, new Platform("linux", "amd64"), blobs, _ -> {});
        RegistryPull pull =
            registries.pull(
                ImageReference.parse(registry.address() + "/app:1"), Images.Progress.NONE)) {
      pull.found();
      pull.lazy().orElseThrow().into(lazy, 1L << 30);
    }
    return lazy;
  }

  private Path full(FakeRegistry.Layer... layers) throws IOException {
    List<Layer> all = new ArrayList<>();
    for (FakeRegistry.Layer layer : layers) {
      all.add(
          new Layer(
              "layer",
              java.util.Optional.empty(),
              java.util.Optional.of(Digest.parse(layer.diffId())),
              layer.blob().length,
              () -> new java.io.ByteArrayInputStream(layer.blob())));
    }
    new Flattener(folder, 1L << 30, _ -> {}).flatten("full", Found.layersOf(all));
    return folder.resolve("full");
  }

  /** Fills all holes, as the server does. */
  private void fill(LazyFolder lazy, FakeRegistry.Layer... layers) throws IOException {
    ChunkMap map = ChunkMap.read(lazy.chunks());
    try (FileChannel out = FileChannel.open(lazy.image(), StandardOpenOption.WRITE)) {
      long end = 0;
      for (int i = 0; i < map.count(); i++) {
        byte[] blob = layers[map.layer(i)].blob();
        byte[] piece = Arrays.copyOfRange(blob, (int) map.offset(i), (int) map.end(i));
        assertThat(map.at(i)).isGreaterThanOrEqualTo(end);
        end = map.at(i) + map.bytes(i);
        out.write(ByteBuffer.wrap(new ChunkFetch(map, i, i, piece).chunk(i)), map.at(i));
      }
    }
  }

  static byte[] noise(int seed, int bytes) {
    byte[] noise = new byte[bytes];
    new Random(seed).nextBytes(noise);
    return noise;
  }

  private static FakeRegistry.Layer[] layers() {
    return new FakeRegistry.Layer[] {
      Estargz.layer(
          tar()
              .directory("etc/")
              .file("etc/motd", "hello")
              .file("usr/bin/app", noise(1, 3_000_000))
              .file("usr/removed", noise(2, 50_000))
              .file("usr/replaced", noise(3, 9_000))
              .file("usr/lib/" + "long".repeat(40) + "/f", noise(4, 4096))
              .hardLink("usr/bin/other", "usr/bin/app")
              .symlink("bin", "usr/bin")
              .file("empty", "")),
      Estargz.layer(
          tar()
              .whiteout("usr/.wh.removed")
              .file("usr/replaced", noise(5, 12_000))
              .pax(Map.of("SCHILY.xattr.user.a", "b".getBytes()))
              .file("with-attribute", "x")
              .entry('6', "pipe", "", new byte[0], 0600)
              .file("bin/more", noise(6, 70_000)))
    };
  }

  @Test
  void aCompleteLazyImageIsTheFullOne() throws Exception {
    FakeRegistry.Layer[] layers = layers();
    LazyFolder lazy = pull(layers);
    Path full = full(layers);
    assertThat(Files.size(lazy.image())).isEqualTo(Files.size(full));
    assertThat(registry.requests().stream().filter(r -> r.range().isEmpty()))
        .noneMatch(r -> r.path().endsWith(FakeRegistry.digest(layers[0].blob())));
    fill(lazy, layers);
    assertThat(lazy.image()).hasSameBinaryContentAs(full);
    assertThat(ErofsReader.read(full).keySet())
        .contains("usr/bin/app", "with-attribute", "usr/bin/more")
        .doesNotContain("usr/removed", LazyNames.TOC, LazyNames.NO_PREFETCH_LANDMARK);
  }

  @Test
  void whatIsFetchedForTheLayoutIsSmall() throws Exception {
    LazyFolder lazy = pull(layers());
    assertThat(dev.skep.linux.DataExtents.allocatedBytes(lazy.image())).isLessThan(64 << 10);
    LazyOrigin origin = lazy.readOrigin();
    assertThat(origin.layers()).hasSize(2);
    assertThat(origin.reference()).startsWith(registry.address() + "/app@sha256:");
  }

  @Test
  void aTableOfContentsWithAnotherDigestIsNotBelieved() {
    FakeRegistry.Layer good = layers()[0];
    FakeRegistry.Layer other =
        new FakeRegistry.Layer(
            good.blob(),
            good.mediaType(),
            good.diffId(),
            Map.of(TocPlace.ESTARGZ_DIGEST, Digest.of(new byte[0]).toString()));
    assertThatThrownBy(() -> pull(other))
        .isInstanceOf(LazyPull.Unfit.class)
        .hasMessageContainingAll("table of contents sums to", "the manifest says");
  }

  private static final Tars ONE = tar().file("usr/app", noise(1, 3_000_000)).file("motd", "hello");

  @Test
  void tablesOfContentsMayBeInAnotherImage() throws Exception {
    Estargz.Apart one = Estargz.Apart.of(ONE);
    Estargz.Apart two = Estargz.Apart.of(tar().whiteout(".wh.motd").file("more", noise(2, 9000)));
    registry.push("app", "1-esgztoc", "{}", two.toc(), one.toc());
    FakeRegistry.Layer[] layers = {one.layer(), two.layer()};
    LazyFolder lazy = pull(layers);
    Path full = full(layers);
    fill(lazy, layers);
    assertThat(lazy.image()).hasSameBinaryContentAs(full);
    assertThat(ErofsReader.read(full).keySet()).contains("usr/app", "more").doesNotContain("motd");
  }

  @Test
  void withoutItsTableOfContentsALayerIsPulledInFull() {
    assertThatThrownBy(() -> pull(Estargz.Apart.of(ONE).layer()))
        .isInstanceOf(LazyPull.Unfit.class)
        .hasMessageContaining("its table of contents is in another image, and there is none");
  }

  @Test
  void anotherImageIsBelievedNoMoreThanTheLayerItself() {
    Estargz.Apart good = Estargz.Apart.of(ONE);
    Estargz.Apart forged = Estargz.Apart.of(tar().file("usr/app", "forged")).claimingFor(good);
    registry.push("app", "1-esgztoc", "{}", forged.toc());
    assertThatThrownBy(() -> pull(good.layer()))
        .isInstanceOf(LazyPull.Unfit.class)
        .hasMessageContainingAll("table of contents sums to", "the manifest says");
  }

  @Test
  void aDamagedTableOfContentsOrFooterIsToldAndNoMore() {
    FakeRegistry.Layer good = layers()[0];
    Random random = new Random(7);
    for (int i = 0; i < 30; i++) {
      byte[] blob = good.blob().clone();
      int at = blob.length - 1 - random.nextInt(600);
      blob[at] ^= (byte) (1 + random.nextInt(255));
      FakeRegistry.Layer bad =
          new FakeRegistry.Layer(blob, good.mediaType(), good.diffId(), good.annotations());
      folder = folder.resolve("try" + i);
      try {
        Files.createDirectory(folder);
        pull(bad); // what was changed was not looked at
      } catch (LazyPull.Unfit e) {
        assertThat(e).hasMessageContaining("layer sha256:");
      } catch (Exception e) {
        throw new AssertionError("damage at " + (at - blob.length), e);
      }
    }
  }

  @Test
  void aRegistryThatIgnoresRangesIsNotAskedForParts() {
    registry.ignoreRanges();
    assertThatThrownBy(() -> pull(layers()))
        .isInstanceOf(LazyPull.Unfit.class)
        .hasMessage("the registry sends no parts of layers");
  }

  /** Runs a containerd of its own for as long as the rest of the script takes. */
  private static final String CONTAINERD =
      """
      cd "$1"
      cat >config.toml <<END
      version = 2
      root = "$1/root"
      state = "$1/state"
      disabled_plugins = ["io.containerd.grpc.v1.cri"]
      [grpc]
      address = "$1/socket"
      END
      containerd --config config.toml >containerd.log 2>&1 &
      trap "kill $!; wait $! || true" EXIT
      for i in $(seq 100); do ctr -a socket version >/dev/null 2>&1 && break; sleep 0.1; done
      tar -C layout -cf layout.tar .
      ctr -a socket images import --base-name example.test/source layout.tar >/dev/null
      """;

  /** As containers/storage writes it: two chunks of content, and one between them of zeros. */
  private static FakeRegistry.Layer withZeros(byte[] head, int zeros, byte[] tail)
      throws IOException {
    ByteArrayOutputStream blob = new ByteArrayOutputStream();
    blob.writeBytes(zstd(head));
    int tailAt = blob.size();
    blob.writeBytes(zstd(tail));
    String toc =
        """
        {"version":1,"entries":[
        {"type":"reg","name":"holes","size":%d,"chunkType":"zeros","chunkSize":%d},
        {"type":"chunk","name":"holes","chunkOffset":%d,"chunkSize":%d,"offset":0,"chunkDigest":"%s"},
        {"type":"chunk","name":"holes","chunkOffset":%d,"chunkSize":%d,"chunkType":"zeros"},
        {"type":"chunk","name":"holes","chunkOffset":%d,"chunkSize":%d,"offset":%d,"chunkDigest":"%s"}]}
        """
            .formatted(
                2 * zeros + head.length + tail.length,
                zeros,
                zeros,
                head.length,
                FakeRegistry.digest(head),
                zeros + head.length,
                zeros,
                2 * zeros + head.length,
                tail.length,
                tailAt,
                FakeRegistry.digest(tail));
    byte[] table = zstd(toc.getBytes(StandardCharsets.UTF_8));
    int tableAt = blob.size() + 8;
    blob.writeBytes(
        ByteBuffer.allocate(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(0x184d2a50)
            .putInt(table.length)
            .array());
    blob.writeBytes(table);
    blob.writeBytes(new byte[100]); // the footer, which nobody needs
    String prefix = "io.github.containers.zstd-chunked.";
    return new FakeRegistry.Layer(
        blob.toByteArray(),
        FakeRegistry.OCI_LAYER + "+zstd",
        FakeRegistry.digest(head),
        Map.of(
            prefix + "manifest-checksum",
            FakeRegistry.digest(table),
            prefix + "manifest-position",
            "%d:%d:%d:1".formatted(tableAt, table.length, toc.length())));
  }

  private static byte[] zstd(byte[] content) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (var zstd = new io.airlift.compress.v3.zstd.ZstdOutputStream(out)) {
      zstd.write(content);
    }
    return out.toByteArray();
  }

  @Test
  void theRootMayBeAnEntry() throws Exception {
    FakeRegistry.Layer layer =
        Estargz.layer(tar().directory("./").directory("./etc/").file("./etc/motd", "hello"));
    LazyFolder lazy = pull(layer);
    fill(lazy, layer);
    assertThat(lazy.image()).hasSameBinaryContentAs(full(layer));
  }

  @Test
  void chunksOfZerosAreHoles() throws Exception {
    byte[] head = noise(1, 5000);
    byte[] tail = noise(2, 7000);
    int zeros = 20_000_000; // more than a chunk that is fetched may have
    FakeRegistry.Layer layer = withZeros(head, zeros, tail);
    LazyFolder lazy = pull(layer);
    fill(lazy, layer);
    byte[] expected =
        ByteBuffer.allocate(2 * zeros + head.length + tail.length)
            .put(zeros, head)
            .put(2 * zeros + head.length, tail)
            .array();
    assertThat(ErofsReader.read(lazy.image()).get("holes").data()).isEqualTo(expected);
    assertThat(ChunkMap.read(lazy.chunks()).count()).isEqualTo(2);
    assertThat(ChunkNames.read(lazy.names()).path(0)).isEqualTo("holes");
  }

  private Path work() throws IOException {
    Command.needRootAnd("containerd", "ctr", "ctr-remote", "tar");
    Path work = Files.createDirectory(folder.resolve("containerd"));
    Layouts.layout(
        Files.createDirectory(work.resolve("layout")),
        tar()
            .directory("usr/")
            .file("usr/app", noise(1, 9_000_000))
            .file("removed", noise(2, 5000))
            .hardLink("usr/other", "usr/app")
            .symlink("link", "usr/app")
            .pax(Map.of("SCHILY.xattr.user.a", "b".getBytes()))
            .file("usr/with-attribute", "x")
            .entry('3', "null", "", new byte[0], 0666)
            .bytes(),
        tar().whiteout(".wh.removed").file("usr/more", noise(3, 70_000)).bytes());
    return work;
  }

  private void isReadBothWays(String... flags) throws Exception {
    Path work = work();
    Command.bash(
        CONTAINERD
            + """
            ctr-remote -a socket images optimize --oci --no-optimize %s \\
              example.test/source:test example.test/converted:1 2>&1
            ctr -a socket images export converted.tar example.test/converted:1
            mkdir converted && tar -C converted -xf converted.tar
            """
                .formatted(String.join(" ", flags)),
        work);
    FakeRegistry.Layer[] layers = layers(work.resolve("converted"));
    LazyFolder lazy = pull(layers);
    fill(lazy, layers);
    assertThat(lazy.image()).hasSameBinaryContentAs(full(layers));
    assertThat(ErofsReader.read(lazy.image()).keySet())
        .contains("usr/app", "usr/with-attribute", "null", "usr/more")
        .doesNotContain("removed");
  }

  /** Of an image in a layout, as a registry would have them. */
  private static FakeRegistry.Layer[] layers(Path layout) throws IOException {
    var index = Json.MAPPER.readTree(Files.readAllBytes(layout.resolve("index.json")));
    var manifest = blob(layout, index.path("manifests").path(0).path("digest").asString());
    var parsed = Manifest.parse(Json.object(manifest, "manifest"));
    var config = Json.object(blob(layout, parsed.config().digest().toString()), "config");
    FakeRegistry.Layer[] layers = new FakeRegistry.Layer[parsed.layers().size()];
    for (int i = 0; i < layers.length; i++) {
      Descriptor layer = parsed.layers().get(i);
      layers[i] =
          new FakeRegistry.Layer(
              blob(layout, layer.digest().toString()),
              layer.mediaType(),
              config.path("rootfs").path("diff_ids").path(i).asString(),
              layer.annotations());
    }
    return layers;
  }

  private static byte[] blob(Path layout, String digest) throws IOException {
    return Files.readAllBytes(layout.resolve("blobs/sha256").resolve(Digest.parse(digest).hex()));
  }

  @Test
  @Tag("integration")
  void readsEstargzThatContainerdsToolsMade() throws Exception {
    isReadBothWays();
  }

  @Test
  @Tag("integration")
  void readsZstdChunkedThatContainerdsToolsMade() throws Exception {
    isReadBothWays("--zstdchunked");
  }

  @Test
  @Tag("integration")
  void containerdsToolsTakeWhatIsWrittenHere() throws Exception {
    Path work = work();
    Files.move(work.resolve("layout"), work.resolve("source"));
    ImageConverter.convert(
        work.resolve("source"), work.resolve("layout"), "", java.util.Optional.empty());
    FakeRegistry.Layer[] ours = layers(work.resolve("layout"));
    String digests =
        Command.bash(
            CONTAINERD
                + """
                for layer in "${@:2}"; do
                  ctr-remote -a socket images get-toc-digest "$layer"
                done
                """,
            work,
            FakeRegistry.digest(ours[0].blob()),
            FakeRegistry.digest(ours[1].blob()));
    assertThat(digests.strip().lines())
        .containsExactly(
            ours[0].annotations().get(TocPlace.ESTARGZ_DIGEST),
            ours[1].annotations().get(TocPlace.ESTARGZ_DIGEST));
  }
}
