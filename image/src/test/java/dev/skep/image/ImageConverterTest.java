package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Images that become eStargz, read back as any tool would and by their tables of contents. */
class ImageConverterTest {
  @TempDir Path root;

  private Path source;

  @BeforeEach
  void makeSource() throws IOException {
    byte[] base =
        tar()
            .directory("etc/")
            .file("etc/motd", "hello")
            .directory("usr/")
            .directory("usr/bin/")
            .file("usr/bin/app", LazyPullTest.noise(1, 2_500_000))
            .hardLink("usr/bin/other", "usr/bin/app")
            .symlink("bin", "usr/bin")
            .file("removed", "x")
            .file("long/" + "name".repeat(50), "y")
            .bytes();
    byte[] upper =
        tar()
            .whiteout(".wh.removed")
            .pax(Map.of("mtime", "1700000000.5".getBytes(), "SCHILY.xattr.user.a", "v".getBytes()))
            .file("with", "attributes")
            .entry('3', "null", "", new byte[0], 0666)
            .bytes();
    source = Layouts.layout(Files.createDirectory(root.resolve("source")), base, upper);
  }

  private Map<String, ErofsReader.File> files(Path layout) throws IOException {
    try (LocalImages images =
        LocalImages.open(
            Files.createTempDirectory(root, "store"),
            ImageSettings.defaults(),
            new Platform("linux", "amd64"),
            Clock.systemUTC(),
            _ -> {})) {
      Image image = images.load(layout, "test", Images.Progress.NONE);
      return ErofsReader.read(image.erofs());
    }
  }

  private List<String> names(Path layout, int layer) throws IOException {
    JsonNode manifest = manifest(layout);
    byte[] blob = blob(layout, manifest.path("layers").path(layer).path("digest").asString());
    List<String> names = new ArrayList<>();
    TarReader tar = new TarReader(new GZIPInputStream(new ByteArrayInputStream(blob)));
    for (TarEntry entry = tar.next(); entry != null; entry = tar.next()) {
      names.add(new String(entry.name()));
    }
    return names;
  }

  private static JsonNode manifest(Path layout) throws IOException {
    JsonNode index = Json.MAPPER.readTree(Files.readAllBytes(layout.resolve("index.json")));
    String digest = index.path("manifests").path(0).path("digest").asString();
    return Json.MAPPER.readTree(blob(layout, digest));
  }

  private static byte[] blob(Path layout, String digest) throws IOException {
    return Files.readAllBytes(layout.resolve("blobs/sha256").resolve(Digest.parse(digest).hex()));
  }

  @Test
  void aConvertedImageHasTheSameFiles() throws IOException {
    Path target = root.resolve("converted");
    ImageConverter.convert(source, target, "", Optional.empty());
    var before = files(source);
    var after = files(target);
    assertThat(after.keySet()).isEqualTo(before.keySet());
    before.forEach(
        (path, file) -> {
          assertThat(after.get(path).data()).as(path).isEqualTo(file.data());
          assertThat(after.get(path).mode()).isEqualTo(file.mode());
          assertThat(after.get(path).mtime()).isEqualTo(file.mtime());
          assertThat(after.get(path).xattrs().keySet()).isEqualTo(file.xattrs().keySet());
        });
    JsonNode layer = manifest(target).path("layers").path(0);
    assertThat(layer.path("annotations").path(TocPlace.ESTARGZ_DIGEST).asString())
        .startsWith("sha256:");
    assertThat(names(target, 0).getFirst()).isEqualTo(LazyNames.NO_PREFETCH_LANDMARK);
  }

  @Test
  void convertingAgainChangesNothing() throws IOException {
    ImageConverter.convert(source, root.resolve("once"), "", Optional.empty());
    ImageConverter.convert(root.resolve("once"), root.resolve("twice"), "", Optional.empty());
    assertThat(root.resolve("twice/index.json"))
        .hasSameBinaryContentAs(root.resolve("once/index.json"));
  }

  @Test
  void whatAStartReadsComesFirstWithAllThatItNeeds() throws IOException {
    Path list = Files.writeString(root.resolve("list"), "7 etc/motd\n3-5 usr/bin/other\n9 gone\n");
    Path target = root.resolve("optimized");
    ImageConverter.convert(source, target, "", Optional.of(list));
    assertThat(names(target, 0))
        .startsWith(
            "etc/",
            "etc/motd",
            "usr/",
            "usr/bin/",
            "usr/bin/app",
            "usr/bin/other",
            LazyNames.PREFETCH_LANDMARK,
            "bin",
            "removed");
    assertThat(files(target).keySet()).isEqualTo(files(source).keySet());
  }

  @Test
  void refusesAFolderThatIsNotEmptyAndAListThatIsNone() throws IOException {
    Files.writeString(Files.createDirectory(root.resolve("full")).resolve("x"), "");
    assertThatThrownBy(
            () -> ImageConverter.convert(source, root.resolve("full"), "", Optional.empty()))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("is not empty");
    Path list = Files.writeString(root.resolve("list"), "etc/motd\n");
    assertThatThrownBy(
            () -> ImageConverter.convert(source, root.resolve("new"), "", Optional.of(list)))
        .hasMessageContaining("expected: CHUNK PATH");
  }
}
