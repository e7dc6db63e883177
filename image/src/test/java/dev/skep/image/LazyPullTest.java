package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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
}
