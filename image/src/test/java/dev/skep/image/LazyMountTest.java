package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lazy images by a real process and a real mount. */
@Tag("integration")
class LazyMountTest {
  private static final byte[] APP = LazyPullTest.noise(1, 20_000_000);

  @TempDir Path root;

  private final FakeRegistry registry = FakeRegistry.start();
  private FakeRegistry.Layer layer = Estargz.layer(tar());

  @BeforeEach
  void push() {
    Command.needRootAnd("mount");
    Assumptions.assumeTrue(
        Files.isWritable(Path.of("/dev/fuse")), "no /dev/fuse that can be opened");
    layer = Estargz.layer(tar().directory("etc/").file("etc/motd", "hello").file("app", APP));
    registry.push("app", "1", layer);
  }

  @AfterEach
  void stop() throws Exception {
    registry.close();
    if (Files.exists(mount().resolve(LazyMount.PID))) {
      ProcessHandle process = ProcessHandle.of(pid()).orElseThrow();
      process.destroy();
      process.onExit().get(10, TimeUnit.SECONDS);
    }
    dev.skep.linux.FuseMount.detach(mount());
  }

  private Path mount() {
    return root.resolve("images/mount");
  }

  private long pid() throws IOException {
    return Long.parseLong(Files.readString(mount().resolve(LazyMount.PID)).strip());
  }

  private LocalImages open() {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-Xmx128m",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            LazyMain.class.getName());
    return LocalImages.open(
        root.resolve("images"),
        ImageSettings.defaults(),
        Optional.of(new LazyMount(command, root.resolve("lazy.log"))),
        Optional.empty(),
        Clock.systemUTC());
  }

  private String reference() {
    return registry.address() + "/app:1";
  }

  private void awaitComplete(Image image) {
    Path complete = root.resolve("images/erofs/" + image.key() + ".erofs");
    org.awaitility.Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> Files.exists(complete));
  }

  @Test
  void theKernelMountsAnImageWhoseContentIsStillToCome() throws Exception {
    try (LocalImages images = open()) {
      registry.slow(20_000_000, Duration.ofMillis(5));
      Image image = images.ensure(reference(), Images.Progress.NONE);
      assertThat(image.erofs()).startsWith(mount());
      assertThat(Files.size(image.erofs())).isEqualTo(image.sizeBytes());
      Path tree = Files.createDirectory(root.resolve("tree"));
      Command.bash("mount -t erofs -o ro \"$1\" \"$2\"", image.erofs(), tree);
      try {
        assertThat(tree.resolve("etc/motd")).hasContent("hello");
        assertThat(Files.exists(root.resolve("images/erofs/" + image.key() + ".erofs"))).isFalse();
        assertThat(Files.readAllBytes(tree.resolve("app"))).isEqualTo(APP);
      } finally {
        Command.bash("umount \"$1\"", tree);
      }
      awaitComplete(image);
      assertThat(images.find(reference()).orElseThrow().erofs())
          .isEqualTo(root.resolve("images/erofs/" + image.key() + ".erofs"))
          .hasSameBinaryContentAs(image.erofs());
    }
  }

  @Test
  void survivesWhoStartedItAndIsStartedAgainWhenItWasKilled() throws Exception {
    registry.slow(2_000_000, Duration.ZERO);
    Image image;
    long first;
    try (LocalImages images = open()) {
      image = images.ensure(reference(), Images.Progress.NONE);
      first = pid();
    }
    try (LocalImages images = open();
        RandomAccessFile open = new RandomAccessFile(image.erofs().toFile(), "r")) {
      assertThat(images.find(reference()).orElseThrow().erofs()).isEqualTo(image.erofs());
      assertThat(pid()).isEqualTo(first);
      CountDownLatch held = registry.holdBlobs();
      CompletableFuture<Integer> waiting =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  open.seek(18_000_000);
                  return open.read();
                } catch (IOException e) {
                  return -5;
                }
              });
      Thread.sleep(300); // so that it waits in the kernel; without that it fails just the same
      ProcessHandle process = ProcessHandle.of(first).orElseThrow();
      process.destroyForcibly();
      process.onExit().get(10, TimeUnit.SECONDS);
      assertThat(waiting.get(10, TimeUnit.SECONDS)).isEqualTo(-5);
      assertThatThrownBy(() -> open.read(new byte[1 << 20])).isInstanceOf(IOException.class);
      held.countDown();
      registry.slow(0, Duration.ZERO);
      Image again = images.ensure(reference(), Images.Progress.NONE);
      assertThat(Files.readAllBytes(again.erofs()))
          .hasSize((int) image.sizeBytes())
          .containsSequence(java.util.Arrays.copyOf(APP, 1000));
      awaitComplete(image);
    }
  }
}
