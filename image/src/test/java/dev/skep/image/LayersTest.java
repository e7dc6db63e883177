package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
}
