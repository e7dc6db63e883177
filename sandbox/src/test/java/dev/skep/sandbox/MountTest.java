package dev.skep.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class MountTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "a", "/a/", "/a//b", "/..", "/a/../b", "/./a", "//a"})
  void refusesPathsThatAreNotCanonical(String path) {
    assertThatThrownBy(() -> new Mount.Scratch(path, OptionalLong.empty()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a", "../a", "a/../../b", "a/", "a//b", "."})
  void refusesFilesThatLeadOutOfTheirFolder(String name) {
    assertThatThrownBy(() -> files(Map.of(name, "x"))).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theOneFileHasNoName() {
    assertThat(files(Map.of("", "x")).files()).containsOnlyKeys("");
    assertThatThrownBy(() -> files(Map.of("", "x", "a", "y")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void filesAreEqualByContentAndTellNone() {
    assertThat(files(Map.of("a", "secret", "b", "")))
        .isEqualTo(files(Map.of("b", "", "a", "secret")))
        .isNotEqualTo(files(Map.of("a", "Secret", "b", "")))
        .isNotEqualTo(files(Map.of("as", "ecret", "b", "")))
        .asString()
        .doesNotContain("secret");
  }

  @Test
  void specIsWrittenWithoutContentsAndReadAsTheSame() {
    SandboxSpec spec =
        spec()
            .withMounts(
                List.of(
                    files(Map.of("password", "hunter2")),
                    new Mount.Folder("/data", Path.of("/srv/data"), true),
                    new Mount.Scratch("/work", OptionalLong.of(1 << 20))));

    String written = JSON.writeValueAsString(spec.withoutContents());

    assertThat(written).doesNotContain("hunter2").doesNotContain("aHVudGVyMg");
    assertThat(JSON.readValue(written, SandboxSpec.class)).isEqualTo(spec);
  }

  @Test
  void specOfAnEarlierVersionHasNoMounts() {
    ObjectNode written = (ObjectNode) JSON.readTree(JSON.writeValueAsString(spec()));
    written.remove("mounts");

    assertThat(JSON.treeToValue(written, SandboxSpec.class)).isEqualTo(spec());
  }

  private static Mount.Files files(Map<String, String> texts) {
    var files = new java.util.HashMap<String, byte[]>();
    texts.forEach((name, text) -> files.put(name, text.getBytes(UTF_8)));
    return new Mount.Files("/etc/app", files, 0644);
  }

  private static SandboxSpec spec() {
    return new SandboxSpec(
        "abcdefghij",
        "host",
        Map.of(),
        Path.of("/image.erofs"),
        "sha256:0",
        new ProcessSpec(List.of("/x"), Map.of(), "", "/"),
        Resources.DEFAULT,
        8080,
        Probe.onPort(),
        Duration.ofSeconds(1),
        NetworkPolicy.DEFAULT,
        Path.of("/log"));
  }
}
