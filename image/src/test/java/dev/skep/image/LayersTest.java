package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What layers become when they are flattened, read back from the image. */
class LayersTest {
  @TempDir Path folder;

  private Map<String, ErofsReader.File> flatten(Tars... layers) {
    return ErofsReader.read(write(layers));
  }

  private Path write(Tars... tars) {
    List<Layer> layers = new ArrayList<>();
    for (Tars tar : tars) {
      layers.add(layer(tar.bytes()));
    }
    return write(layers);
  }

  private Path write(List<Layer> layers) {
    String name = "image" + System.nanoTime();
    new Flattener(folder, 1L << 30, _ -> {}).flatten(name, Found.layersOf(layers));
    return folder.resolve(name);
  }

  private static Layer layer(byte[] bytes) {
    return new Layer(
        "layer",
        Optional.empty(),
        Optional.empty(),
        bytes.length,
        () -> new ByteArrayInputStream(bytes));
  }

  @Test
  void keepsFilesFoldersAndLinks() {
    var files =
        flatten(tar().directory("etc/").file("./etc/motd", "hello").symlink("motd", "etc/motd"));
    assertThat(files.keySet()).containsExactly("", "etc", "etc/motd", "motd");
    assertThat(files.get("etc/motd").text()).isEqualTo("hello");
    assertThat(files.get("etc/motd").mode()).isEqualTo(0100644);
    assertThat(files.get("etc/motd").mtime()).isEqualTo(1_700_000_000);
    assertThat(files.get("motd").text()).isEqualTo("etc/motd");
    assertThat(files.get("").links()).isEqualTo(3);
  }

  @Test
  void laterLayersReplaceAndWhiteOut() {
    var files =
        flatten(
            tar().file("a", "1").file("b", "1").file("d/x", "1").file("d/y", "1").file("e/x", "1"),
            tar().file("a", "2").whiteout(".wh.b").whiteout("d/.wh.x").whiteout(".wh.e"));
    assertThat(files.keySet()).containsExactly("", "a", "d", "d/y");
    assertThat(files.get("a").text()).isEqualTo("2");
  }

  @Test
  void aWhiteoutSparesWhatItsOwnLayerHas() {
    var files =
        flatten(
            tar().file("d/old", "1").file("d/both", "1").file("f", "1"),
            tar().file("d/new", "2").file("f", "2").whiteout(".wh.d").whiteout(".wh.f"));
    assertThat(files.keySet()).containsExactly("", "d", "d/new", "f");
    assertThat(files.get("f").text()).isEqualTo("2");
  }

  @Test
  void anOpaqueFolderHidesAllOfLowerLayers() {
    var files =
        flatten(
            tar().file("d/a/b/c", "1").file("d/old", "1").file("other", "1"),
            tar().directory("d").file("d/new", "2").whiteout("d/.wh..wh..opq"));
    assertThat(files.keySet()).containsExactly("", "d", "d/new", "other");
  }

  @Test
  void hardLinksShareOneInodeAcrossLayers() {
    var files =
        flatten(
            tar().file("a", "content").hardLink("b", "a"),
            tar().hardLink("dir/c", "/b"),
            tar().whiteout(".wh.a"));
    assertThat(files.keySet()).containsExactly("", "b", "dir", "dir/c");
    assertThat(files.get("b").nid()).isEqualTo(files.get("dir/c").nid());
    assertThat(files.get("b").links()).isEqualTo(2);
    assertThat(files.get("dir/c").text()).isEqualTo("content");
  }

  @Test
  void aFileReplacesAFolderAndTheOtherWayRound() {
    var files =
        flatten(
            tar().file("a/b/c", "1").file("x", "1"),
            tar().file("a", "file").directory("x").file("x/y", "2"));
    assertThat(files.keySet()).containsExactly("", "a", "x", "x/y");
    assertThat(files.get("a").text()).isEqualTo("file");
  }

  @Test
  void nothingOfRemovedFilesIsLeftInTheImage() throws IOException {
    byte[] secret =
        "a secret that a later layer removes".repeat(500).getBytes(StandardCharsets.UTF_8);
    Path with =
        write(
            tar().file("keep1", "1").file("secret", secret).file("keep2", "kept".repeat(3000)),
            tar().whiteout(".wh.secret"));
    Path without = write(tar().file("keep1", "1").file("keep2", "kept".repeat(3000)));
    assertThat(new String(Files.readAllBytes(with), StandardCharsets.ISO_8859_1))
        .doesNotContain("a secret");
    assertThat(Files.size(with)).isEqualTo(Files.size(without));
    assertThat(ErofsReader.read(with).get("keep2").text()).isEqualTo("kept".repeat(3000));
  }

  @Test
  void isTheSameToTheByteOnEveryMachine() throws IOException {
    Tars layer =
        tar()
            .directory("b")
            .file("b/two", "2".repeat(5000))
            .pax(Map.of("SCHILY.xattr.user.a", new byte[] {1}))
            .file("a", "1")
            .symlink("c", "a")
            .hardLink("d", "a");
    Tars removal = tar().whiteout("b/.wh.two").file("b/three", "3");
    String found = Digest.of(Files.readAllBytes(write(layer, removal))).hex();
    assertThat(found)
        .as("raise ErofsWriter.FORMAT when this changes")
        .isEqualTo("abca04a941dd3b2b56c5795a1cc7b4394b6336ea42484c833d4fd5ca99afd578");
  }

  @Test
  void theKeyDependsOnTheLayersAndTheirOrder() {
    Digest a = Digest.of(new byte[] {1});
    Digest b = Digest.of(new byte[] {2});
    assertThat(Stream.of(List.of(a), List.of(a, b), List.of(b, a)).map(Flattener::key))
        .doesNotHaveDuplicates();
    assertThat(Flattener.key(List.of(a))).isEqualTo(Flattener.key(List.of(a)));
  }

  @Test
  void readsPlainGzipAndZstdLayersAndGzipInPieces() throws IOException {
    byte[] tar = tar().file("f", "content ".repeat(10_000)).bytes();
    byte[] gzip = FakeRegistry.Layer.gzip(tar).blob();
    ByteArrayOutputStream pieces = new ByteArrayOutputStream();
    for (int at = 0; at < tar.length; at += 20_000) {
      byte[] piece = Arrays.copyOfRange(tar, at, Math.min(tar.length, at + 20_000));
      pieces.writeBytes(FakeRegistry.Layer.gzip(piece).blob());
    }
    ByteArrayOutputStream zstd = new ByteArrayOutputStream();
    try (var out = new io.airlift.compress.v3.zstd.ZstdOutputStream(zstd)) {
      out.write(tar);
    }
    byte[] expected = Files.readAllBytes(write(List.of(layer(tar))));
    for (byte[] blob : List.of(gzip, pieces.toByteArray(), zstd.toByteArray())) {
      assertThat(write(List.of(layer(blob)))).hasBinaryContent(expected);
    }
  }

  @Test
  void refusesDamagedZstd() throws IOException {
    ByteArrayOutputStream zstd = new ByteArrayOutputStream();
    try (var out = new io.airlift.compress.v3.zstd.ZstdOutputStream(zstd)) {
      out.write(tar().file("f", "content ".repeat(10_000)).bytes());
    }
    byte[] blob = zstd.toByteArray();
    assertThatThrownBy(() -> write(List.of(layer(Arrays.copyOf(blob, blob.length / 2)))))
        .isInstanceOf(SkepException.class)
        .hasMessageContainingAll("layer", "not a whole ZSTD stream");
    blob[blob.length / 2] ^= 0x11;
    assertThatThrownBy(() -> write(List.of(layer(blob))))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("layer");
  }

  @Test
  void readsWhatAnotherLibraryWrites() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (var out = new TarArchiveOutputStream(bytes, "UTF-8")) {
      out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      out.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      out.setAddPaxHeadersForNonAsciiNames(true);
      String name = "ünï/" + "lang".repeat(60) + "/文";
      TarArchiveEntry entry = new TarArchiveEntry(name);
      entry.setSize(3);
      entry.setUserId(3_000_000);
      entry.setModTime(java.nio.file.attribute.FileTime.from(Instant.ofEpochSecond(-5)));
      out.putArchiveEntry(entry);
      out.write("abc".getBytes(StandardCharsets.UTF_8));
      out.closeArchiveEntry();
    }
    var file =
        ErofsReader.read(write(List.of(layer(bytes.toByteArray()))))
            .get("ünï/" + "lang".repeat(60) + "/文");
    assertThat(file.text()).isEqualTo("abc");
    assertThat(file.uid()).isEqualTo(3_000_000);
    assertThat(file.mtime()).isEqualTo(-5);
  }

  @Test
  void refusesALayerWithAnotherDigest() {
    byte[] tar = tar().file("f", "x").bytes();
    Digest other = Digest.of(new byte[0]);
    Layer layer =
        new Layer(
            "layer L",
            Optional.of(other),
            Optional.empty(),
            -1,
            () -> new ByteArrayInputStream(tar));
    assertThatThrownBy(() -> write(List.of(layer)))
        .hasMessageContainingAll("layer L", Digest.of(tar).toString(), other.toString());
  }
}
