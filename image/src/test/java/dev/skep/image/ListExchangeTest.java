package dev.skep.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListExchangeTest {
  private static final String DIGEST = "sha256:" + "d".repeat(64);
  private static final String KEY = "a".repeat(64);
  private static final String LIST = "0-3 usr/bin/app\n9 etc/motd\n";

  /** Another host's place for lists. */
  private static final class Place implements SharedLists {
    final Map<String, byte[]> lists = new ConcurrentHashMap<>();
    boolean away;
    CountDownLatch held = new CountDownLatch(0);

    @Override
    public Optional<byte[]> find(String imageDigest, int mostBytes) {
      try {
        held.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      if (away) {
        throw new SkepException(SkepException.Code.UNAVAILABLE, "away");
      }
      return Optional.ofNullable(lists.get(imageDigest));
    }

    @Override
    public void share(String imageDigest, byte[] list) {
      if (away) {
        throw new SkepException(SkepException.Code.UNAVAILABLE, "away");
      }
      lists.putIfAbsent(imageDigest, list);
    }
  }

  @TempDir Path root;
  private final Place place = new Place();
  private ImageFolder folder;
  private ListExchange exchange;

  @BeforeEach
  void open() throws IOException {
    folder = ImageFolder.open(root);
    exchange = new ListExchange(folder, Optional.of(place));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static StoredImage image() {
    ImageConfig config =
        new ImageConfig(List.of(), List.of("/app"), Map.of(), "", "", Optional.empty(), "amd64");
    return new StoredImage(List.of("app:1"), DIGEST, KEY, 1, config, Instant.EPOCH);
  }

  @Test
  void aPullGetsTheListThatAnotherHostHasRecorded() {
    place.lists.put(DIGEST, bytes(LIST));
    exchange.ask(DIGEST, KEY).settle();
    assertThat(folder.access(KEY)).hasContent(LIST);
  }

  @Test
  void anOwnListStays() throws IOException {
    Files.createDirectories(folder.access(KEY).getParent());
    Files.writeString(folder.access(KEY), "7 own\n");
    place.lists.put(DIGEST, bytes(LIST));
    exchange.ask(DIGEST, KEY).settle();
    assertThat(folder.access(KEY)).hasContent("7 own\n");
  }

  @Test
  void whatIsNoListIsLeftOut() {
    for (String wrong :
        List.of("<html>", "1 a\n-5 b\n", "0-4194304 all\n", "12345678901 far\n", "1 a\n\u0000\n")) {
      place.lists.put(DIGEST, bytes(wrong));
      exchange.ask(DIGEST, KEY).settle();
      assertThat(folder.access(KEY)).as(wrong).doesNotExist();
    }
    place.lists.put(DIGEST, new byte[] {'1', ' ', (byte) 0xff, '\n'});
    exchange.ask(DIGEST, KEY).settle();
    assertThat(folder.access(KEY)).doesNotExist();
  }

  @Test
  void aPlaceThatIsAwayOrSilentOnlyCostsAMoment() {
    place.away = true;
    exchange.ask(DIGEST, KEY).settle();
    place.held = new CountDownLatch(1);
    org.junit.jupiter.api.Assertions.assertTimeout(
        Duration.ofSeconds(5), () -> exchange.ask(DIGEST, KEY).settle());
    place.held.countDown();
    assertThat(folder.access(KEY)).doesNotExist();
  }

  @Test
  void whatIsRecordedHereIsGivenOnceThePlaceIsThere() throws IOException {
    exchange.give(place, List.of(image()));
    assertThat(place.lists).isEmpty();
    Files.createDirectories(folder.access(KEY).getParent());
    Files.writeString(folder.access(KEY), LIST);
    place.away = true;
    assertThatThrownBy(() -> exchange.give(place, List.of(image()))).hasMessage("away");
    place.away = false;
    exchange.give(place, List.of(image()));
    assertThat(place.lists.get(DIGEST)).asString().isEqualTo(LIST);
  }
}
