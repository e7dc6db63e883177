package dev.skep.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTest {
  private static final Manifest MANIFEST =
      new Manifest(
          Manifest.SCHEMA,
          "aaaaaaaaaaaa-1",
          StoreFixture.KEY,
          StoreFixture.FACTS,
          Instant.parse("2026-01-01T00:00:00.123456789Z"),
          new FileFacts(1 << 30, 5000, "00000001"),
          new FileFacts(77, 77, "00000002"),
          Optional.empty());
  private static final Manifest RECORDED =
      MANIFEST.withWorkingSet(
          Optional.of(
              new Manifest.RecordedSet(
                  3, new FileFacts(9, 9, "0000000a"), new FileFacts(12288, 12288, "0000000b"))));

  private static String json() {
    return new String(RECORDED.toJson(), StandardCharsets.UTF_8);
  }

  private static Manifest parse(String json) {
    return Manifest.parse(json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void readsWhatItWrites() {
    assertThat(Manifest.parse(MANIFEST.toJson())).isEqualTo(MANIFEST);
    assertThat(Manifest.parse(RECORDED.toJson())).isEqualTo(RECORDED);
  }

  @Test
  void saysItsStateAndSizes() {
    assertThat(MANIFEST.state()).isEqualTo(SnapshotState.READY);
    assertThat(RECORDED.state()).isEqualTo(SnapshotState.RECORDED);
    assertThat(RECORDED.memoryBytes()).isEqualTo(1 << 30);
    assertThat(RECORDED.allocatedBytes()).isEqualTo(5000 + 77 + 9 + 12288);
    assertThat(RECORDED.files())
        .containsOnlyKeys("memory", "state", "working-set", "working-set.pages");
  }

  @Test
  void isADocumentForPeopleToo() {
    var document = ApiJson.parse(RECORDED.toJson());
    assertThat(document.path("schema").asInt()).isEqualTo(1);
    assertThat(document.path("key").asString()).isEqualTo(StoreFixture.KEY.value());
    assertThat(document.path("createdAt").asString()).isEqualTo("2026-01-01T00:00:00.123456789Z");
    assertThat(document.at("/facts/pauseMicros").asInt()).isEqualTo(1234);
    assertThat(document.at("/workingSet/pages").asInt()).isEqualTo(3);
    assertThat(json()).contains("\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "2", "\"1\"", "1.5", "99999999999", "null"})
  void refusesAnotherSchema(String schema) {
    String other = json().replace("\"schema\" : 1,", "\"schema\" : " + schema + ",");
    assertThatThrownBy(() -> parse(other))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.UNSUPPORTED))
        .hasMessage("snapshot manifest: schema " + schema + " (expected: 1)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"schema\": 1, \"id | found: '{\"schema\": 1, \"id'",
        "[] | schema none (expected: 1)",
        "{} | schema none (expected: 1)",
        "'' | schema none (expected: 1)",
        "{\"schema\": 1} | id",
        "{\"schema\": 1, \"id\": null} | id",
      })
  void saysWhatIsNoManifest(String text, String message) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(SkepException.class)
        .hasMessageStartingWith("snapshot manifest: ")
        .hasMessageContaining(message);
  }

  @Test
  void refusesAKeyThatIsNone() {
    String other = json().replace(StoreFixture.KEY.value(), "sha1:1");
    assertThatThrownBy(() -> parse(other)).hasMessageContaining("snapshot key 'sha1:1' (expected");
    assertThatThrownBy(() -> new SnapshotKey("SHA256:" + "A".repeat(64)))
        .hasMessageContaining("'sha256:' and 64 hexadecimal digits");
  }
}
