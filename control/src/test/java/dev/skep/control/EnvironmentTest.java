package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.EnvSource;
import dev.skep.api.EnvSource.AllKeys;
import dev.skep.api.EnvSource.Field;
import dev.skep.api.EnvSource.Kind;
import dev.skep.api.EnvSource.Literal;
import dev.skep.api.EnvSource.OneKey;
import dev.skep.api.EnvSource.Reference;
import dev.skep.api.InstanceField;
import dev.skep.store.ResourceKind;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvironmentTest {
  private static final Reference MAP = new Reference(Kind.CONFIG_MAP, "settings", false);
  private static final Reference SECRET = new Reference(Kind.SECRET, "keys", false);

  private static final InstanceField.Instance SELF =
      new InstanceField.Instance(
          "hello-00001-abcdefghij",
          "default",
          "0000-1",
          "host",
          Map.of("app", "hello"),
          Map.of("note", "x"));

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
    return Environment.of(List.of(sources), SELF, new Configuration("default", store));
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
            Map.entry("P_a", "own"),
            Map.entry("P_b", "2"),
            Map.entry("TOKEN", "hush"),
            Map.entry("B", "2"));
  }

  @Test
  void tellsAnInstanceOfItself() {
    Environment environment =
        of(
            new Field("NAME", InstanceField.Plain.NAME),
            new Field("NODE", InstanceField.Plain.NODE),
            new Field("APP", new InstanceField.Label("app")),
            new Field("NOTE", new InstanceField.Annotation("note")),
            new Field("NONE", new InstanceField.Label("none")));

    assertThat(environment.variables())
        .containsOnly(
            Map.entry("NAME", "hello-00001-abcdefghij"),
            Map.entry("NODE", "host"),
            Map.entry("APP", "hello"),
            Map.entry("NOTE", "x"),
            Map.entry("NONE", ""));
  }

  @Test
  void expandsVariablesThatWereDefinedBefore() {
    Environment environment =
        of(
            new OneKey("TOKEN", SECRET, "token"),
            new Literal("URL", "redis://:$(TOKEN)@cache:6379/$(LATER)"),
            new Literal("LATER", "1"));

    assertThat(environment.variables().get("URL")).isEqualTo("redis://:hush@cache:6379/$(LATER)");
  }

  @ParameterizedTest
  @CsvSource({
    "$(A), 1",
    "$(A)$(B), 12$",
    "$$(A), $(A)",
    "$$$(A), $1",
    "$(NONE), $(NONE)",
    "$(A, $(A",
    "$A $, $A $",
    "$(), $()",
    "$$, $",
    "x$(A)y, x1y"
  })
  void expandsAsKubernetesDoes(String text, String expected) {
    assertThat(Environment.expand(text, Map.of("A", "1", "B", "2$"))).isEqualTo(expected);
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
