package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers that no honest tool writes are refused with the entry's name, or do no harm. */
class HostileLayersTest {
  @TempDir Path folder;

  private Map<String, ErofsReader.File> flatten(byte[]... tars) {
    List<Layer> layers = new ArrayList<>();
    for (byte[] tar : tars) {
      layers.add(
          new Layer(
              "layer " + layers.size(),
              Optional.empty(),
              Optional.empty(),
              tar.length,
              () -> new ByteArrayInputStream(tar)));
    }
    String name = "image" + System.nanoTime();
    new Flattener(folder, 1L << 30, _ -> {}).flatten(name, Found.layersOf(layers));
    return ErofsReader.read(folder.resolve(name));
  }

  private void refuses(Tars tar, String... parts) {
    refuses(tar.bytes(), parts);
  }

  private void refuses(byte[] tar, String... parts) {
    assertThatThrownBy(() -> flatten(tar))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("layer 0: ")
        .hasMessageContainingAll(parts);
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "a/../../x", "./../x", "/../x", "a/b/../../../x", ".."})
  void refusesNamesThatClimbOut(String name) {
    refuses(tar().file(name, "x"), "'" + name + "'", "climbs out of the root");
    refuses(tar().file("f", "x").hardLink("l", name), "climbs out of the root");
    refuses(tar().symlink(name, "/"), "climbs out of the root");
  }

  @Test
  void takesAbsoluteNamesFromTheRootOfTheImage() {
    assertThat(flatten(tar().file("/etc/passwd", "p").file("a/../b", "b").bytes()).keySet())
        .containsExactly("", "b", "etc", "etc/passwd");
  }

  @Test
  void linksThatClimbEndAtTheRootOfTheImage() {
    var files =
        flatten(
            tar()
                .symlink("out", "../../../..")
                .symlink("host", "/etc")
                .file("out/etc/shadow", "of the image")
                .file("host/passwd", "of the image")
                .bytes());
    assertThat(files.keySet())
        .containsExactly("", "etc", "etc/passwd", "etc/shadow", "host", "out");
  }

  @Test
  void refusesLoopsOfLinks() {
    refuses(tar().symlink("a", "b").symlink("b", "a").file("a/x", "x"), "'a/x'", "symbolic links");
    refuses(tar().symlink("a", "a/a/a").file("a/x", "x"), "'a/x'", "symbolic links");
  }

  @Test
  void refusesFilesInFiles() {
    refuses(tar().file("a", "x").file("a/b", "x"), "'a/b'", "'a' on the way to it is not a folder");
  }

  @Test
  void refusesToReplaceTheRoot() {
    refuses(tar().symlink("./", "/etc"), "the root must be a folder");
    refuses(tar().file(".", "x"), "the root must be a folder");
  }

  @Test
  void refusesHardLinksToNothingAndToFolders() {
    refuses(tar().hardLink("l", "nothing"), "'l'", "hard link to 'nothing'");
    refuses(tar().directory("d").hardLink("l", "d"), "'l'", "the folder 'd'");
  }

  @ParameterizedTest
  @ValueSource(strings = {".wh.", ".wh..", ".wh..."})
  void refusesWhiteoutsOfNothing(String name) {
    refuses(tar().whiteout("d/" + name).directory("d").whiteout("d/" + name), "names no file");
  }

  @Test
  void refusesNamesThatDoNotFit() {
    refuses(tar().file("n".repeat(256), "x"), "a name of 256 bytes");
    refuses(tar().file("d/".repeat(2048) + "x", "x"), "a path of 4097 bytes");
    refuses(tar().symlink("l", "t".repeat(4096)), "symbolic link to 4096 bytes");
  }

  @Test
  void refusesUnknownKindsOfEntries() {
    refuses(tar().entry('Z', "odd", "", new byte[0], 0), "'odd'", "type 'Z' is not supported");
    refuses(tar().entry('M', "part", "", new byte[0], 0), "type 'M' is not supported");
  }

  @Test
  void refusesWhatIsNotATar() {
    refuses("no tar at all ".repeat(100).getBytes(StandardCharsets.UTF_8), "not a tar header");
  }

  @Test
  void refusesATarThatEndsWithinAFile() {
    byte[] whole = tar().file("file", "x".repeat(5000)).bytes();
    refuses(Arrays.copyOf(whole, 3000), "ends within an entry");
    refuses(Arrays.copyOf(whole, 300), "ends within an entry");
  }

  @Test
  void refusesSizesThatCannotBe() {
    byte[] header = Tars.header('0', "big".getBytes(StandardCharsets.UTF_8), new byte[0], 0, 0644);
    Arrays.fill(header, 124, 136, (byte) 0xff);
    refuses(tar().raw(Tars.sealed(header)), "'big'", "size -1 is negative");
    header[124] = (byte) 0x80;
    Arrays.fill(header, 125, 136, (byte) 0);
    header[128] = 0x7f;
    refuses(tar().raw(Tars.sealed(header)), "'big'", "larger than the 1024 MiB");
  }

  @Test
  void refusesAttributesThatCannotBeStored() {
    refuses(
        tar().pax(Map.of("SCHILY.xattr.odd.name", new byte[] {1})).file("f", "x"),
        "'f'",
        "'odd.name'");
    refuses(
        tar().pax(Map.of("SCHILY.xattr.user.big", new byte[70_000])).file("f", "x"), "70000 bytes");
  }

  @Test
  void leavesOutMarksThatWouldChangeHowAGuestSeesItsRoot() {
    var files =
        flatten(
            tar()
                .pax(
                    Map.of(
                        "SCHILY.xattr.trusted.overlay.opaque", new byte[] {'y'},
                        "SCHILY.xattr.security.selinux", new byte[] {'x'},
                        "SCHILY.xattr.user.kept", new byte[] {1, 0, (byte) 0xff}))
                .directory("d")
                .bytes());
    assertThat(files.get("d").xattrs()).containsOnlyKeys("user.kept");
    assertThat(files.get("d").xattrs().get("user.kept")).containsExactly(1, 0, 0xff);
  }

  @Test
  void refusesSparseMapsThatLie() {
    refuses(sparse("3,1,1,1", 2), "overlaps or lies outside");
    refuses(sparse("0,100", 2), "overlaps or lies outside");
    refuses(sparse("0,1", 2), "its map names 1 bytes, 2 are stored");
    refuses(sparse("0,x", 2), "not a number");
    refuses(sparse("-1,2", 2), "overlaps or lies outside");
  }

  private static Tars sparse(String map, int stored) {
    return tar()
        .pax(Map.of("GNU.sparse.size", "10".getBytes(), "GNU.sparse.map", map.getBytes()))
        .file("s", new byte[stored]);
  }

  @Test
  void refusesAHugeSparseFileAndNotByFillingTheDisk() {
    Tars huge =
        tar()
            .pax(
                Map.of(
                    "GNU.sparse.size", "9000000000000000000".getBytes(),
                    "GNU.sparse.map", "0,0".getBytes()))
            .file("s", new byte[0]);
    refuses(huge, "'s'", "larger than the 1024 MiB");
  }

  @Test
  void refusesExtensionsThatWouldFillTheMemory() {
    byte[] name = "x".getBytes(StandardCharsets.UTF_8);
    refuses(
        tar().raw(Tars.header('x', name, new byte[0], 1L << 31, 0)), "PAX header of 2147483648");
    refuses(tar().raw(Tars.header('L', name, new byte[0], 1L << 31, 0)), "GNU long name of");
  }

  @Test
  void namesWhatDoesNotShowInMessages() {
    refuses(tar().hardLink("a\u001b[31m\nb", "gone"), "'a\\u001b[31m\\u000ab'");
  }

  @Test
  void keepsAsManyNamesAsAnyFolderHas() {
    Tars many = tar();
    for (int i = 0; i < 30_000; i++) {
      many.file("d/" + Integer.toString(i * 7919 % 30_000, 36), "");
    }
    assertThat(flatten(many.bytes())).hasSize(30_002);
  }

  @Test
  void keepsVeryDeepFolders() {
    var files = flatten(tar().file("d/".repeat(2000) + "f", "x").bytes());
    assertThat(files).hasSize(2002);
  }

  /** Any bytes give an image or a refusal: no other failure, no hang. */
  @Test
  void survivesDamagedTars() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    byte[] whole =
        tar()
            .directory("d")
            .file("d/f", "content")
            .pax(Map.of("SCHILY.xattr.user.a", new byte[] {1}, "mtime", "1.5".getBytes()))
            .file("g", "x".repeat(1000))
            .file("n".repeat(150), "long")
            .symlink("l", "d/f")
            .hardLink("h", "d/f")
            .raw(sparse("0,2", 2).bytes())
            .bytes();
    for (int round = 0; round < 300; round++) {
      byte[] damaged = whole.clone();
      int hits = 1 + random.nextInt(4);
      for (int i = 0; i < hits; i++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      // Most damage to a header is caught by its checksum: make it right again.
      for (int at = 0; at + 512 <= damaged.length && random.nextBoolean(); at += 512) {
        byte[] header = Arrays.copyOfRange(damaged, at, at + 512);
        if (header[257] == 'u') {
          System.arraycopy(Tars.sealed(header), 0, damaged, at, 512);
        }
      }
      try {
        flatten(damaged);
      } catch (SkepException e) {
        assertThat(e.code()).isIn(SkepException.Code.INVALID, SkepException.Code.EXHAUSTED);
      }
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
