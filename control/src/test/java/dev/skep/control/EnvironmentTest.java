package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.EnvSource;
import dev.skep.api.EnvSource.AllKeys;
import dev.skep.api.EnvSource.Kind;
import dev.skep.api.EnvSource.Literal;
import dev.skep.api.EnvSource.OneKey;
import dev.skep.api.EnvSource.Reference;
import dev.skep.store.ResourceKind;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EnvironmentTest {
  private static final Reference MAP = new Reference(Kind.CONFIG_MAP, "settings", false);
  private static final Reference SECRET = new Reference(Kind.SECRET, "keys", false);

  private final FakeStore store = new FakeStore();

  @BeforeEach
  void fill() {
    put(ResourceKind.CONFIG_MAP, "settings", "{\"a\": \"1\", \"b\": \"2\"}");
    String value = Base64.getEncoder().encodeToString("hush".getBytes(StandardCharsets.UTF_8));
    put(ResourceKind.SECRET, "keys", "{\"token\": \"%s\", \"nul\": \"aAA=\"}".formatted(value));
  }

  private void put(ResourceKind kind, String name, String data) {
    String object = "{\"metadata\": {\"namespace\": \"default\", \"name\": \"%s\"}, \"data\": %s}";
    byte[] json = object.formatted(name, data).getBytes(StandardCharsets.UTF_8);
    store.create(kind, new ApiObject(ApiJson.parse(json)));
  }

  private Environment of(EnvSource... sources) {
    return Environment.of(List.of(sources), "default", store);
  }

  @Test
  void takesKeysAndWholeObjectsAndLaterOnesWin() {
    Environment environment =
        of(
            new AllKeys("P_", MAP),
            new Literal("P_a", "own"),
            new OneKey("TOKEN", SECRET, "token"),
            new OneKey("B", MAP, "b"));

    assertThat(environment.problems()).isEmpty();
    assertThat(environment.variables())
        .containsOnly(
            java.util.Map.entry("P_a", "own"),
            java.util.Map.entry("P_b", "2"),
            java.util.Map.entry("TOKEN", "hush"),
            java.util.Map.entry("B", "2"));
  }

  @Test
  void saysWhatIsMissing() {
    Environment environment =
        of(
            new OneKey("X", new Reference(Kind.SECRET, "none", false), "x"),
            new OneKey("Y", MAP, "y"),
            new AllKeys("", new Reference(Kind.CONFIG_MAP, "none", false)));

    assertThat(environment.problems())
        .containsExactly(
            "Secret default/none does not exist (expected: it, or `optional: true`)",
            "ConfigMap default/settings has no key \"y\" (expected: one, for the variable Y)",
            "ConfigMap default/none does not exist (expected: it, or `optional: true`)");
  }

  @Test
  void doesWithoutWhatIsOptional() {
    Environment environment =
        of(
            new OneKey("X", new Reference(Kind.SECRET, "none", true), "x"),
            new OneKey("Y", new Reference(Kind.CONFIG_MAP, "settings", true), "y"),
            new AllKeys("", new Reference(Kind.CONFIG_MAP, "none", true)));

    assertThat(environment.problems()).isEmpty();
    assertThat(environment.variables()).isEmpty();
  }

  @Test
  void tellsNoValueOfASecret() {
    assertThat(of(new OneKey("N", SECRET, "nul")).problems())
        .containsExactly(
            "Secret default/keys: the value for the variable N has a NUL byte (expected: text)");
  }
}
