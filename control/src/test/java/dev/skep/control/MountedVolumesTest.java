package dev.skep.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.EnvSource;
import dev.skep.api.InstanceField;
import dev.skep.api.Volume;
import dev.skep.api.VolumeMount;
import dev.skep.sandbox.Mount;
import dev.skep.store.ResourceKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MountedVolumesTest {
  private static final InstanceField.Instance SELF =
      new InstanceField.Instance(
          "hello-1", "default", "uid", "host", Map.of("b", "2\"", "a", "1"), Map.of());

  private final FakeStore store = new FakeStore();

  @BeforeEach
  void fill() {
    put(
        ResourceKind.CONFIG_MAP,
        "\"data\": {\"a.txt\": \"one\", \"b\": \"two\"}, \"binaryData\": {\"raw\": \"AAE=\"}");
    put(ResourceKind.SECRET, "\"data\": {\"token\": \"aHVzaA==\"}");
  }

  private void put(ResourceKind kind, String content) {
    String object = "{\"metadata\": {\"namespace\": \"default\", \"name\": \"x\"}, %s}";
    store.create(kind, new ApiObject(ApiJson.parse(object.formatted(content).getBytes(UTF_8))));
  }

  private MountedVolumes of(Volume volume, String subPath) {
    var mount =
        new VolumeMount("/m", Optional.of(subPath).filter(path -> !path.isEmpty()), false, volume);
    return MountedVolumes.of(
        List.of(mount),
        SELF,
        new Configuration("default", store),
        (namespace, name) ->
            name.equals("data") ? Optional.of(Path.of("/claims", namespace)) : Optional.empty());
  }

  private static Volume.Keys keys(EnvSource.Kind kind, String name, Map<String, String> paths) {
    return new Volume.Keys(new EnvSource.Reference(kind, name, false), paths);
  }

  private static Volume files(Volume.Source... sources) {
    return new Volume.Files(List.of(sources), 0640);
  }

  private static Mount expected(Map<String, String> files) {
    var contents = new java.util.HashMap<String, byte[]>();
    files.forEach((name, text) -> contents.put(name, text.getBytes(UTF_8)));
    return new Mount.Files("/m", contents, 0640);
  }

  @Test
  void aFileForEachKeyOrForThoseThatAreNamed() {
    assertThat(of(files(keys(EnvSource.Kind.CONFIG_MAP, "x", Map.of())), "").mounts())
        .containsExactly(expected(Map.of("a.txt", "one", "b", "two", "raw", "\0\1")));
    assertThat(of(files(keys(EnvSource.Kind.CONFIG_MAP, "x", Map.of("b", "c/d"))), "").mounts())
        .containsExactly(expected(Map.of("c/d", "two")));
  }

  @Test
  void sourcesAreProjectedIntoOneFolder() {
    Volume volume =
        files(
            keys(EnvSource.Kind.CONFIG_MAP, "x", Map.of("b", "b")),
            keys(EnvSource.Kind.SECRET, "x", Map.of()),
            new Volume.Field("labels", InstanceField.Plain.LABELS),
            new Volume.Text("cpu", "2"));

    assertThat(of(volume, "").mounts())
        .containsExactly(
            expected(
                Map.of("b", "two", "token", "hush", "labels", "a=\"1\"\nb=\"2\\\"\"", "cpu", "2")));
  }

  @Test
  void aSubPathIsOneFileOrOneFolder() {
    Volume volume =
        files(keys(EnvSource.Kind.CONFIG_MAP, "x", Map.of("a.txt", "d/a.txt", "b", "b")));

    assertThat(of(volume, "b").mounts()).containsExactly(expected(Map.of("", "two")));
    assertThat(of(volume, "d").mounts()).containsExactly(expected(Map.of("a.txt", "one")));
    assertThat(of(volume, "none").problems())
        .containsExactly(
            "the volume at /m has no \"none\" (expected, for its subPath: one of [b, d/a.txt])");
  }

  @Test
  void saysWhatIsMissingAndNoValue() {
    assertThat(of(files(keys(EnvSource.Kind.SECRET, "none", Map.of())), "").problems())
        .containsExactly("Secret default/none does not exist (expected: it, or `optional: true`)");
    assertThat(of(files(keys(EnvSource.Kind.SECRET, "x", Map.of("k", "k"))), "").problems())
        .containsExactly("Secret default/x has no key \"k\" (expected: one, for /m)");
    assertThat(of(new Volume.Claim("other", false), "").problems())
        .containsExactly(
            "PersistentVolumeClaim default/other does not exist (expected: one that is bound, for /m)");
  }

  @Test
  void claimsAreFoldersAndEmptyOnesAreScratch() {
    assertThat(of(new Volume.Claim("data", true), "").mounts())
        .containsExactly(new Mount.Folder("/m", Path.of("/claims/default"), true));
    assertThat(of(new Volume.Empty(OptionalLong.of(5)), "").mounts())
        .containsExactly(new Mount.Scratch("/m", OptionalLong.of(5)));
  }
}
