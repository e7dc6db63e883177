package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images as the kernel mounts them equal what umoci unpacks, and pass fsck. */
@Tag("integration")
class SameTreeAsUmociTest {
  @TempDir Path folder;

  @BeforeEach
  void needTools() {
    Command.needRootAnd("umoci", "fsck.erofs", "getfattr", "setfattr", "mount", "tar");
  }

  private void compare(byte[]... tars) throws IOException {
    compare(Layouts.layout(folder.resolve("layout"), tars));
  }

  private void compare(Path layout) throws IOException {
    List<String> expected;
    Instant start = Instant.now();
    Path bundle = folder.resolve("bundle");
    Command.bash("umoci unpack --image \"$1:test\" \"$2\"", layout, bundle);
    try (LocalImages images =
        LocalImages.open(folder.resolve("images"), ImageSettings.defaults(), Clock.systemUTC())) {
      Image image = images.load(layout, "test", Images.Progress.NONE);
      Command.bash("fsck.erofs \"$1\"", image.erofs());
      Path mount = Files.createDirectory(folder.resolve("mount"));
      Command.bash("mount -t erofs -o ro,loop \"$1\" \"$2\"", image.erofs(), mount);
      try {
        expected = TreeListing.of(bundle.resolve("rootfs"), start);
        assertThat(withoutUntold(TreeListing.of(mount, start), expected))
            .containsExactlyElementsOf(expected);
      } finally {
        Command.bash("umount \"$1\"", mount);
      }
    }
    assertThat(expected).hasSizeGreaterThan(1);
  }

  /** Drops the times of folders where umoci left the time at which it worked in them. */
  private static List<String> withoutUntold(List<String> lines, List<String> expected) {
    List<String> result = new ArrayList<>(lines);
    for (int i = 0; i < Math.min(lines.size(), expected.size()); i++) {
      if (expected.get(i).contains("time=untold")) {
        result.set(i, lines.get(i).replaceFirst("time=\\S+", "time=untold"));
      }
    }
    return result;
  }

  /** A tar as GNU tar makes it of what a script does in an empty folder. */
  private byte[] made(String options, String script) throws IOException {
    Path tree = Files.createTempDirectory(folder, "tree");
    Path tar = folder.resolve("made.tar");
    Command.bash("cd \"$1\"; " + script, tree);
    Command.bash(
        "tar -C \"$1\" " + options + " --xattrs --xattrs-include='*' -cf \"$2\" .", tree, tar);
    return Files.readAllBytes(tar);
  }

  private static final String EVERYTHING =
      """
      mkdir -p dir/sub empty sticky; chmod 1777 sticky; chmod 0700 empty
      echo hello > dir/file; chmod 4755 dir/file; chown 1234:70000 dir/file
      ln dir/file dir/hard; ln dir/file hard2; ln -s ../dir/file dir/sub/link; ln dir/sub/link link2
      ln -s /absolute/nowhere dangling; ln -s "$(printf 'x%.0s' $(seq 200))" longlink
      mkfifo pipe; mknod null c 1 3; mknod disk b 259 70000; mknod tty c 5 300
      touch -d '1969-12-31 23:59:58 UTC' old; touch -d '2100-01-01 UTC' new; : > zero
      touch 'sp ace' 'tab\t' $'new\\nline' 'ünïcödé-文字-🐝' "$(printf 'n%.0s' $(seq 255))"
      mkdir -p "$(printf 'deep%.0s/' $(seq 40))"; echo x > "$(printf 'deep%.0s/' $(seq 40))leaf"
      truncate -s 3M sparse; printf A | dd of=sparse bs=1 seek=1000000 conv=notrunc status=none
      printf B | dd of=sparse bs=1 seek=2999999 conv=notrunc status=none
      truncate -s 100000 allhole
      setfattr -n user.note -v "a value" dir/file; setfattr -n user.empty dir; setfattr -n user.big -v "$(printf 'v%.0s' $(seq 3000))" zero
      setfattr -n trusted.t -v 1 zero
      setfattr -n security.capability -v 0x0100000280c0ff000000000000000000000000ff zero
      head -c 4096 /dev/zero > page; head -c 4097 /dev/zero > pageplus
      """;

  @Test
  void aTreeWithAllKindsOfFilesAsPax() throws IOException {
    compare(made("--format=posix --sparse", EVERYTHING));
  }

  @Test
  void aTreeWithAllKindsOfFilesAsGnu() throws IOException {
    compare(made("--format=gnu --sparse", EVERYTHING));
  }

  @Test
  void sparseFilesOfAllFormats() throws IOException {
    String sparse =
        """
        truncate -s 40M many
        for i in $(seq 1 60); do printf "$i" | dd of=many bs=1 seek=$((i * 600000)) conv=notrunc status=none; done
        """;
    compare(
        made("--format=gnu --sparse", "mkdir gnu; cd gnu; " + sparse),
        made("--format=posix --sparse --sparse-version=0.0", "mkdir v00; cd v00; " + sparse),
        made("--format=posix --sparse --sparse-version=0.1", "mkdir v01; cd v01; " + sparse),
        made("--format=posix --sparse --sparse-version=1.0", "mkdir v10; cd v10; " + sparse));
  }

  @Test
  void tenThousandFilesWithWhiteoutsAttributesAndHardLinks() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    Tars base = tar().directory(".");
    for (int d = 0; d < 50; d++) {
      base.directory("d" + d + "/");
      for (int f = 0; f < 200; f++) {
        String path = "d" + d + "/file-" + f;
        byte[] content = new byte[random.nextInt(random.nextInt(20) == 0 ? 20_000 : 500)];
        random.nextBytes(content);
        switch (f == 0 ? 9 : random.nextInt(10)) {
          case 0 -> base.hardLink(path, "d" + d + "/file-0");
          case 1 ->
              base.symlink(path, "../d" + random.nextInt(50) + "/file-" + random.nextInt(200));
          case 2 -> base.pax(xattrs(random)).file(path, content);
          default -> base.file(path, content);
        }
      }
    }
    Tars middle = tar();
    Tars top = tar();
    for (int i = 0; i < 2000; i++) {
      String d = "d" + random.nextInt(50);
      int f = random.nextInt(200);
      Tars layer = random.nextBoolean() ? middle : top;
      switch (random.nextInt(6)) {
        case 0, 1 -> layer.whiteout(d + "/.wh.file-" + f);
        case 2 -> layer.directory(d + "/").file(d + "/file-" + f, "replaced " + i);
        case 3 -> layer.directory(d + "/new" + i + "/").file(d + "/new" + i + "/file", "new " + i);
        case 4 -> layer.directory(d + "/").symlink(d + "/link" + i, "file-" + f);
        default -> {
          if (random.nextInt(40) == 0) {
            layer.directory(d + "/").whiteout(d + "/.wh..wh..opq");
          }
        }
      }
    }
    compare(base.bytes(), middle.bytes(), top.bytes());
  }

  private static Map<String, byte[]> xattrs(Random random) {
    Map<String, byte[]> records = new LinkedHashMap<>();
    byte[] value = new byte[random.nextInt(300)];
    random.nextBytes(value);
    records.put("SCHILY.xattr.user.random", value);
    records.put("SCHILY.xattr.user.text", "text".getBytes(StandardCharsets.UTF_8));
    return records;
  }

  @Test
  void foldersThatBecomeLinksAndEntriesThroughLinks() throws IOException {
    compare(
        tar()
            .directory("./")
            .directory("usr/")
            .directory("usr/lib/")
            .file("usr/lib/one", "1")
            .symlink("lib", "usr/lib")
            .symlink("abs", "/usr/lib")
            .symlink("climb", "../../../usr/lib")
            .directory("keep/")
            .file("keep/inside", "1")
            .bytes(),
        tar()
            .file("lib/two", "through a link")
            .file("abs/three", "through an absolute link")
            .file("climb/four", "through a climbing link")
            .hardLink("lib/five", "abs/one")
            .whiteout("climb/.wh.one")
            .file("keep", "now a file")
            .bytes(),
        tar().directory("lib/").file("lib/own", "a folder again").whiteout(".wh.abs").bytes());
  }

  @Test
  void opaqueFoldersAndWhiteoutsInAnyOrder() throws IOException {
    compare(
        tar()
            .directory("./")
            .directory("a/")
            .directory("a/b/")
            .file("a/b/low", "1")
            .file("a/low", "1")
            .directory("c/")
            .file("c/low", "1")
            .directory("d/")
            .directory("d/e/")
            .file("d/e/low", "1")
            .bytes(),
        tar()
            .directory("a/")
            .file("a/high", "2")
            .whiteout("a/.wh..wh..opq")
            .file("a/higher", "2")
            .whiteout("c/.wh..wh..opq")
            .directory("c/")
            .file("c/high", "2")
            .directory("d/")
            .directory("d/e/")
            .file("d/e/high", "2")
            .whiteout(".wh.d")
            .bytes(),
        tar().whiteout("a/.wh.high").whiteout("nowhere/.wh.x").whiteout("c/.wh.gone").bytes());
  }

  @Test
  void debianFromPackagesWithAnUpgradeOnTop() throws IOException {
    Command.needRootAnd("mmdebstrap");
    Path tar = folder.resolve("debian.tar");
    try {
      Command.bash(
          """
          suite=$(. /etc/os-release; echo "$VERSION_CODENAME")
          mmdebstrap -q --variant=extract --include=busybox,iputils-ping "$suite" "$1"
          """,
          tar);
    } catch (AssertionError e) {
      Assumptions.abort(
          "no Debian archive can be reached: " + e.getMessage().lines().reduce("", (_, l) -> l));
    }
    compare(
        Files.readAllBytes(tar),
        tar()
            .directory("etc/")
            .file("etc/hostname", "changed")
            .whiteout("usr/share/.wh.doc")
            .directory("usr/share/man/")
            .whiteout("usr/share/man/.wh..wh..opq")
            .file("bin/added", "through the link of merged /usr")
            .bytes());
  }
}
