package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalImagesTest {
  private static final ImageConfig CONFIG =
      new ImageConfig(
          List.of("/app"), List.of(), Map.of("A", "b"), "", "", Optional.of(8080), "amd64");

  @TempDir Path folder;
  private LocalImages images;

  @BeforeEach
  void open() {
    images = reopen();
  }

  private LocalImages reopen() {
    return LocalImages.open(
        folder.resolve("images"),
        ImageSettings.defaults(),
        new Platform("linux", "amd64"),
        Clock.fixed(Instant.EPOCH, ZoneOffset.UTC),
        _ -> {});
  }

  private Path rootfs(String content) throws IOException {
    return Files.write(folder.resolve("rootfs.tar"), tar().file("app", content).bytes());
  }

  @Test
  void importsARootFileSystem() throws IOException {
    Image image = images.importRootfs(rootfs("1"), "hello", CONFIG, Images.Progress.NONE);
    assertThat(image.references()).first().isEqualTo("docker.io/library/hello:latest");
    assertThat(image.config()).isEqualTo(CONFIG);
    assertThat(ErofsReader.read(image.erofs()).get("app").text()).isEqualTo("1");
    assertThat(image.sizeBytes()).isEqualTo(Files.size(image.erofs()));
    assertThat(images.ensure("hello", Images.Progress.NONE)).isEqualTo(image);
    assertThat(reopen().list()).containsExactly(image);
  }

  @Test
  void knowsAnImageByTagDigestAndPinnedName() throws IOException {
    Image image = images.importRootfs(rootfs("1"), "hello:1", CONFIG, Images.Progress.NONE);
    assertThat(images.find(image.digest())).contains(image);
    assertThat(images.find("hello@" + image.digest())).contains(image);
    assertThat(images.find("hello:2")).isEmpty();
  }

  @Test
  void anotherImportUnderTheSameNameReplacesTheImage() throws IOException {
    images.importRootfs(rootfs("1"), "hello", CONFIG, Images.Progress.NONE);
    Image second = images.importRootfs(rootfs("2"), "hello", CONFIG, Images.Progress.NONE);
    assertThat(images.find("hello")).contains(second);
    assertThat(ErofsReader.read(second.erofs()).get("app").text()).isEqualTo("2");
  }

  @Test
  void aRemovedImageIsGoneButStaysReadableToThoseWhoHaveItOpen() throws IOException {
    Image image = images.importRootfs(rootfs("1"), "hello", CONFIG, Images.Progress.NONE);
    try (var open = Files.newInputStream(image.erofs())) {
      images.remove("hello");
      assertThat(image.erofs()).doesNotExist();
      assertThat(open.readAllBytes()).hasSize((int) image.sizeBytes());
    }
    assertThat(images.list()).isEmpty();
    assertThat(reopen().list()).isEmpty();
    assertThatThrownBy(() -> images.remove("hello"))
        .isInstanceOf(SkepException.class)
        .hasMessageContainingAll("docker.io/library/hello:latest", "is not here");
  }

  @Test
  void anImageWithTwoTagsGoesWithTheLastOne() throws IOException {
    Image image = images.importRootfs(rootfs("1"), "a", CONFIG, Images.Progress.NONE);
    images.importRootfs(rootfs("1"), "b", CONFIG, Images.Progress.NONE);
    assertThat(images.list()).hasSize(1);
    images.remove("a");
    assertThat(images.find("b")).isPresent();
    assertThat(image.erofs()).exists();
    images.remove("b");
    assertThat(image.erofs()).doesNotExist();
  }

  @Test
  void forgetsWhatAKilledRunLeft() throws IOException {
    Image image = images.importRootfs(rootfs("1"), "hello", CONFIG, Images.Progress.NONE);
    Path store = folder.resolve("images");
    Path half = Files.createDirectory(store.resolve("tmp/work1"));
    Files.writeString(half.resolve("image"), "half");
    Files.writeString(store.resolve("blobs/abc.part"), "half");
    Files.writeString(store.resolve("erofs/stray.erofs"), "nobody's");
    assertThat(reopen().list()).containsExactly(image);
    assertThat(half).doesNotExist();
    assertThat(store.resolve("blobs/abc.part")).doesNotExist();
    assertThat(store.resolve("erofs/stray.erofs")).doesNotExist();
  }

  @Test
  void forgetsImagesWhoseFileWasCutShort() throws IOException {
    Image image = images.importRootfs(rootfs("1"), "hello", CONFIG, Images.Progress.NONE);
    Files.write(image.erofs(), new byte[10]);
    LocalImages reopened = reopen();
    assertThat(reopened.find("hello")).isEmpty();
    assertThat(image.erofs()).doesNotExist();
  }

  @Test
  void saysWhatIsWrongWithItsIndex() throws IOException {
    Files.writeString(folder.resolve("images/index.json"), "{ not JSON");
    assertThatThrownBy(this::reopen)
        .isInstanceOf(SkepException.class)
        .hasMessageContainingAll("index.json", "remove it to begin with no images");
  }

  @Test
  void loadsOneOfSeveralImagesOfAnArchive() throws IOException {
    Path archive = archive("demo/one:1", "demo/two:2");
    Image two = images.load(archive, "demo/two:2", Images.Progress.NONE);
    assertThat(ErofsReader.read(two.erofs()).get("app").text()).isEqualTo("demo/two:2");
    assertThatThrownBy(() -> images.load(archive, "demo/three", Images.Progress.NONE))
        .hasMessageContainingAll("holds 2 images", "demo/one:1, demo/two:2", "demo/three");
  }

  @Test
  void loadsAnArchiveUnderItsOwnName() throws IOException {
    Image image = images.load(archive("demo/one:1"), "", Images.Progress.NONE);
    assertThat(image.references()).contains("docker.io/demo/one:1");
  }

  /** As docker save wrote them for years; the second layer is a link to the first. */
  private Path archive(String... names) throws IOException {
    Tars archive = tar();
    StringBuilder manifest = new StringBuilder();
    for (String name : names) {
      byte[] layer = tar().file("app", name).bytes();
      FakeRegistry.Layer described = FakeRegistry.Layer.plain(layer);
      String id = name.replaceAll("\\W", "");
      archive
          .file(id + ".json", FakeRegistry.config("amd64", described, described))
          .file(id + "/layer.tar", layer)
          .symlink(id + "x/layer.tar", "../" + id + "/layer.tar");
      manifest
          .append(manifest.isEmpty() ? "" : ",")
          .append(
              "{\"Config\":\"%s.json\",\"RepoTags\":[\"%s\"],\"Layers\":[\"%s/layer.tar\",\"%sx/layer.tar\"]}"
                  .formatted(id, name, id, id));
    }
    archive.file("manifest.json", "[" + manifest + "]");
    return Files.write(folder.resolve("archive.tar"), archive.bytes());
  }

  @Test
  void refusesWhatIsNoImage() throws IOException {
    Path rootfs = rootfs("1");
    assertThatThrownBy(() -> images.load(rootfs, "x", Images.Progress.NONE))
        .hasMessageContainingAll(rootfs.toString(), "neither 'index.json'", "skep image import");
    assertThatThrownBy(() -> images.load(folder.resolve("gone"), "x", Images.Progress.NONE))
        .isInstanceOf(SkepException.class)
        .hasMessageContainingAll("gone", "no such file");
    assertThatThrownBy(
            () -> images.importRootfs(folder.resolve("gone"), "x", CONFIG, Images.Progress.NONE))
        .hasMessageContaining("no such file");
  }

  @Test
  void refusesALayoutWithABlobThatWasChanged() throws IOException {
    Path layout = Layouts.layout(folder.resolve("layout"), tar().file("app", "1").bytes());
    for (Path blob : Files.list(layout.resolve("blobs/sha256")).toList()) {
      if (Files.size(blob) > 0 && Files.readAllBytes(blob)[0] == 0x1f) {
        byte[] changed = Files.readAllBytes(blob);
        changed[4] ^= 1; // the time stamp in the gzip header: still whole, but another digest
        Files.write(blob, changed);
      }
    }
    assertThatThrownBy(() -> images.load(layout, "hello", Images.Progress.NONE))
        .hasMessageContainingAll("docker.io/library/hello", "layer sha256:", "the manifest says");
    assertThat(images.list()).isEmpty();
  }

  @Test
  void writesOneImageFromManyThreadsAtOnce() {
    List<Image> all =
        IntStream.range(0, 8)
            .parallel()
            .mapToObj(
                i -> {
                  try {
                    Path tar = folder.resolve("rootfs" + i + ".tar");
                    Files.write(tar, tar().file("app", "same").bytes());
                    return images.importRootfs(tar, "hello" + i, CONFIG, Images.Progress.NONE);
                  } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                })
            .toList();
    assertThat(all).extracting(Image::erofs).containsOnly(all.getFirst().erofs());
    assertThat(images.list()).hasSize(1);
    assertThat(images.list().getFirst().references()).hasSize(16);
  }
}
