package dev.skep.image;

import static dev.skep.image.Tars.tar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pulls from a registry that behaves, and from one that does not. */
class RegistryPullTest {
  private static final byte[] BASE =
      tar().directory("etc").file("etc/base", noise(300_000)).bytes();
  private static final byte[] APP = tar().file("app", noise(100_000)).bytes();

  @TempDir Path folder;
  private final FakeRegistry registry = FakeRegistry.start();
  private final List<Duration> pauses = new CopyOnWriteArrayList<>();
  private final FakeRegistry.Layer base = FakeRegistry.Layer.gzip(BASE);
  private final FakeRegistry.Layer app = FakeRegistry.Layer.plain(APP);
  private LocalImages images;

  private static byte[] noise(int bytes) {
    byte[] noise = new byte[bytes];
    new Random(7).nextBytes(noise);
    return noise;
  }

  @BeforeEach
  void open() {
    images = open(Duration.ofSeconds(30));
  }

  private LocalImages open(Duration idle) {
    ImageSettings defaults = ImageSettings.defaults();
    ImageSettings settings =
        new ImageSettings(
            List.of(),
            folder.resolve("docker.json"),
            3,
            idle,
            3,
            1L << 30,
            defaults.maxCachedBytes());
    return LocalImages.open(
        folder.resolve("images"),
        settings,
        new Platform("linux", "amd64"),
        Clock.systemUTC(),
        pauses::add);
  }

  @AfterEach
  void close() {
    images.close();
    registry.close();
  }

  private String hello() {
    return registry.address() + "/demo/hello:1";
  }

  private Image pull() {
    return images.pull(hello(), Images.Progress.NONE);
  }

  private void refuses(Code code, String... parts) {
    assertThatThrownBy(this::pull)
        .isInstanceOfSatisfying(SkepException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContainingAll("image " + hello())
        .hasMessageContainingAll(parts);
    assertThat(images.find(hello())).isEmpty();
    assertThat(names("erofs")).isEmpty();
    assertThat(names("tmp")).isEmpty();
  }

  private List<String> names(String part) {
    try (Stream<Path> files = Files.list(folder.resolve("images").resolve(part))) {
      return files.map(file -> file.getFileName().toString()).toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void pullsAnImageAndKeepsNoLayers() {
    String digest = registry.push("demo/hello", "1", base, app);
    Image image = pull();
    assertThat(image.digest()).isEqualTo(digest);
    assertThat(image.references())
        .containsExactly(hello(), registry.address() + "/demo/hello@" + digest);
    assertThat(image.config().entrypoint()).containsExactly("/app");
    assertThat(image.config().port()).contains(8080);
    assertThat(ErofsReader.read(image.erofs()).keySet())
        .containsExactly("", "app", "etc", "etc/base");
    assertThat(names("blobs")).isEmpty();
    assertThat(names("tmp")).isEmpty();
  }

  @Test
  void doesNotAskAgainForATagThatIsHere() {
    registry.push("demo/hello", "1", base);
    Image first = pull();
    registry.close();
    assertThat(images.ensure(hello(), Images.Progress.NONE)).isEqualTo(first);
  }

  @Test
  void aPullFollowsATagThatMovedAndKeepsTheOldImageByDigest() {
    registry.push("demo/hello", "1", base);
    Image old = pull();
    registry.push("demo/hello", "1", base, app);
    Image moved = pull();
    assertThat(moved.digest()).isNotEqualTo(old.digest());
    assertThat(images.find(hello())).contains(moved);
    assertThat(images.find(registry.address() + "/demo/hello@" + old.digest())).isPresent();
  }

  @Test
  void fetchesNoLayersForFilesThatAreHere() {
    registry.push("demo/hello", "1", base);
    registry.push(
        "demo/other", "2", FakeRegistry.config("amd64", base).replace("/app", "/x"), base);
    Image hello = pull();
    Image other = images.pull(registry.address() + "/demo/other:2", Images.Progress.NONE);
    assertThat(other.erofs()).isEqualTo(hello.erofs());
    assertThat(other.digest()).isNotEqualTo(hello.digest());
    assertThat(registry.count(FakeRegistry.digest(base.blob()))).isEqualTo(1);
    images.remove(hello());
    assertThat(other.erofs()).exists();
    images.remove(registry.address() + "/demo/other:2");
    assertThat(other.erofs()).doesNotExist();
    assertThat(images.list()).isEmpty();
  }

  @Test
  void callersWhoWantTheSameImageShareOnePull() {
    registry.push("demo/hello", "1", base, app);
    CountDownLatch held = registry.holdBlobs();
    List<String> steps = new CopyOnWriteArrayList<>();
    List<CompletableFuture<Image>> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      all.add(
          CompletableFuture.supplyAsync(
              () -> images.ensure(hello(), (step, _, _) -> steps.add(step)),
              task -> Thread.ofVirtual().start(task)));
    }
    org.awaitility.Awaitility.await().until(() -> registry.count("/blobs/") >= 1);
    held.countDown();
    assertThat(all.stream().map(CompletableFuture::join).distinct()).hasSize(1);
    assertThat(registry.count(FakeRegistry.digest(app.blob()))).isEqualTo(1);
    assertThat(steps).contains("fetch");
  }

  @Test
  void getsATokenWhereOneIsWanted() {
    registry.requireTokens();
    registry.push("demo/hello", "1", base);
    assertThat(pull().config().entrypoint()).containsExactly("/app");
    assertThat(registry.count("/token")).isEqualTo(1);
  }

  @Test
  void usesThePasswordsOfDockerLogin() throws IOException {
    registry.requireTokens();
    registry.requireUser("alice", "s3cret");
    registry.push("demo/hello", "1", base);
    refuses(Code.UNAUTHORIZED, "docker.json", "put credentials");
    login("alice:wrong");
    refuses(Code.UNAUTHORIZED, "do not help");
    login("alice:s3cret");
    assertThat(pull().config().entrypoint()).containsExactly("/app");
  }

  @Test
  void sendsABasicPasswordWhereThereIsNoTokenService() throws IOException {
    registry.requireUser("alice", "s3cret");
    registry.push("demo/hello", "1", base);
    refuses(Code.UNAUTHORIZED, "it wants a password");
    login("alice:s3cret");
    assertThat(pull().config().entrypoint()).containsExactly("/app");
  }

  private void login(String pair) throws IOException {
    String auth = Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    Files.writeString(
        folder.resolve("docker.json"),
        "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(registry.address(), auth));
  }

  @Test
  void showsItsTokenToNoOtherServer() {
    try (FakeRegistry storage = FakeRegistry.start()) {
      registry.requireTokens();
      registry.push("demo/hello", "1", base);
      storage.push("demo/hello", "1", base);
      registry.redirectBlobsTo(storage);
      assertThat(pull().config().entrypoint()).containsExactly("/app");
      assertThat(storage.requests()).isNotEmpty();
      assertThat(storage.requests()).allSatisfy(r -> assertThat(r.authorization()).isEmpty());
    }
  }

  @Test
  void choosesThePlatformOfThisHostFromAnIndex() {
    String arm = registry.push("demo/hello", "arm", FakeRegistry.config("arm64", base), base);
    String amd = registry.push("demo/hello", "amd", app);
    index(entry(arm, "arm64"), entry(amd, "amd64"));
    assertThat(pull().digest()).isEqualTo(amd);
  }

  @Test
  void namesThePlatformsThatAnIndexHas() {
    String arm = registry.push("demo/hello", "arm", FakeRegistry.config("arm64", base), base);
    index(entry(arm, "arm64"), entry(arm, "s390x"));
    refuses(Code.UNSUPPORTED, "linux/arm64, linux/s390x", "needs linux/amd64");
  }

  private void index(String... entries) {
    registry.putManifest(
        "demo/hello",
        "1",
        FakeRegistry.OCI_INDEX,
        "{\"schemaVersion\":2,\"manifests\":[" + String.join(",", entries) + "]}");
  }

  private static String entry(String digest, String architecture) {
    return """
        {"mediaType":"%s","digest":"%s","size":1,"platform":{"os":"linux","architecture":"%s"}}"""
        .formatted(FakeRegistry.OCI_MANIFEST, digest, architecture);
  }

  @Test
  void refusesAnotherArchitectureByName() {
    registry.push("demo/hello", "1", FakeRegistry.config("arm64", base), base);
    refuses(Code.UNSUPPORTED, "linux/arm64", "needs linux/amd64");
  }

  @Test
  void goesOnWhereABrokenConnectionLeftOff() {
    registry.push("demo/hello", "1", app);
    registry.cutBlob(FakeRegistry.digest(app.blob()), 30_000, 2);
    assertThat(ErofsReader.read(pull().erofs())).containsKey("app");
    assertThat(registry.requests().stream().flatMap(r -> r.range().stream()))
        .containsExactly("bytes=30000-", "bytes=60000-");
  }

  @Test
  void beginsAgainWhereTheRegistryKnowsNoRanges() {
    registry.push("demo/hello", "1", app);
    registry.ignoreRanges();
    registry.cutBlob(FakeRegistry.digest(app.blob()), 30_000, 1);
    assertThat(ErofsReader.read(pull().erofs())).containsKey("app");
  }

  @Test
  void saysHowFarItCameWhenTheRegistryStaysDownAndGoesOnThereNextTime() {
    registry.push("demo/hello", "1", app);
    String blob = FakeRegistry.digest(app.blob());
    registry.cutBlob(blob, 40_000, 1);
    registry.cutBlob(blob, 0, 100);
    refuses(
        Code.UNAVAILABLE,
        "layer " + blob,
        "4 times in a row",
        "after 40000 of " + app.blob().length + " bytes");
    registry.heal();
    assertThat(ErofsReader.read(pull().erofs())).containsKey("app");
    assertThat(registry.requests().getLast().range()).contains("bytes=40000-");
    assertThat(names("blobs")).isEmpty();
  }

  @Test
  void waitsAsLongAsARegistryAsksAndNoLonger() {
    registry.push("demo/hello", "1", base);
    registry.fail("/manifests/", 429, "2", 1);
    registry.fail("/manifests/", 503, "7200", 1);
    pull();
    assertThat(pauses).containsExactly(Duration.ofSeconds(2), Duration.ofSeconds(10));
  }

  @Test
  void givesUpOnARegistryThatSendsNothing() {
    images.close();
    images = open(Duration.ofMillis(200));
    registry.push("demo/hello", "1", app);
    registry.holdBlobs();
    refuses(Code.UNAVAILABLE, "times in a row");
  }

  @Test
  void namesARegistryThatIsNotThere() {
    String address = registry.address();
    registry.close();
    assertThatThrownBy(() -> images.pull(address + "/demo/hello:1", Images.Progress.NONE))
        .hasMessageContainingAll(address, "connection refused");
  }

  @Test
  void namesAnImageThatTheRegistryDoesNotHave() {
    refuses(Code.NOT_FOUND, "manifest 1", "MANIFEST_UNKNOWN");
  }

  @Test
  void refusesALayerWithOtherBytesThanItsDigestSays() {
    registry.push("demo/hello", "1", app);
    registry.swapBlob(FakeRegistry.digest(app.blob()), noise(app.blob().length));
    refuses(Code.INVALID, FakeRegistry.digest(app.blob()), "that sum to sha256:");
    assertThat(names("blobs")).isEmpty();
  }

  @Test
  void refusesALayerLongerThanItsManifestSays() {
    registry.push("demo/hello", "1", app);
    registry.swapBlob(FakeRegistry.digest(app.blob()), noise(app.blob().length + 1));
    refuses(Code.INVALID, "more than the " + app.blob().length + " bytes");
  }

  @Test
  void refusesAManifestWithOtherBytesThanItsDigestSays() {
    registry.push("demo/hello", "1", app);
    String other = FakeRegistry.digest(noise(10));
    registry.putManifest("demo/hello", other, FakeRegistry.OCI_MANIFEST, "{}");
    assertThatThrownBy(
            () -> images.pull(registry.address() + "/demo/hello@" + other, Images.Progress.NONE))
        .hasMessageContainingAll(other, "sent a document that sums to");
  }

  @Test
  void refusesALayerThatIsNotWhatTheConfigSays() {
    FakeRegistry.Layer lying =
        new FakeRegistry.Layer(base.blob(), base.mediaType(), FakeRegistry.digest(APP));
    registry.push("demo/hello", "1", lying);
    refuses(
        Code.INVALID,
        FakeRegistry.digest(BASE),
        "the image's config says " + FakeRegistry.digest(APP));
  }

  @Test
  void refusesCorruptGzip() {
    byte[] blob = base.blob().clone();
    blob[blob.length / 2] ^= 0x55;
    registry.push("demo/hello", "1", new FakeRegistry.Layer(blob, base.mediaType(), base.diffId()));
    refuses(Code.INVALID, "layer sha256:", "GZIP");
  }

  @Test
  void refusesGzipThatEndsEarly() {
    byte[] blob = java.util.Arrays.copyOf(base.blob(), base.blob().length / 2);
    registry.push("demo/hello", "1", new FakeRegistry.Layer(blob, base.mediaType(), base.diffId()));
    refuses(Code.INVALID, "layer sha256:", "not a whole GZIP stream");
  }

  @Test
  void refusesLayersOfUnknownKinds() {
    String type = FakeRegistry.OCI_LAYER + "+gzip+encrypted";
    registry.push("demo/hello", "1", new FakeRegistry.Layer(base.blob(), type, base.diffId()));
    refuses(Code.UNSUPPORTED, type, "gzip or zstd");
  }

  @Test
  void refusesWhatIsNotAContainerImage() {
    registry.putManifest(
        "demo/hello",
        "1",
        FakeRegistry.OCI_MANIFEST,
        "{\"schemaVersion\":2,\"config\":%s,\"layers\":[]}"
            .formatted(
                FakeRegistry.descriptor(
                    "application/vnd.cncf.helm.config.v1+json", FakeRegistry.digest(APP), 1)));
    refuses(Code.UNSUPPORTED, "helm", "not a container image");
  }

  @Test
  void anImageWithoutACommandIsStoredAllTheSame() {
    registry.push(
        "demo/hello", "1", FakeRegistry.config("amd64", base).replace("\"/app\"", ""), base);
    assertThat(pull().config().entrypoint()).isEmpty();
  }

  @Test
  void refusesPlainHttpToPublicRegistries() {
    assertThat(new RegistryHost("registry.example.com").schemes(List.of()))
        .containsExactly("https");
    assertThat(new RegistryHost("10.evil.example.com").schemes(List.of())).containsExactly("https");
    assertThat(new RegistryHost("8.8.8.8:5000").schemes(List.of())).containsExactly("https");
    assertThat(new RegistryHost("10.0.0.8:5000").schemes(List.of()))
        .containsExactly("https", "http");
    assertThat(new RegistryHost("192.168.1.1").schemes(List.of())).contains("http");
    assertThat(new RegistryHost("172.20.0.1").schemes(List.of())).contains("http");
    assertThat(new RegistryHost("[::1]:5000").schemes(List.of())).first().isEqualTo("http");
    assertThat(new RegistryHost("localhost:5000").schemes(List.of())).first().isEqualTo("http");
    assertThat(new RegistryHost("reg.corp:5000").schemes(List.of("reg.corp:5000")))
        .containsExactly("https", "http");
  }
}
