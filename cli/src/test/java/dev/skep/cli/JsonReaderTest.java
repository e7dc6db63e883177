package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonReaderTest {
  private static Object read(String text) {
    return JsonReader.read(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void readsEachKindOfValue() {
    var object = new LinkedHashMap<String, Object>();
    object.put("list", Arrays.asList(1L, -20L, 0.5, -1.5e3, true, false, null));
    object.put("empty", List.of(Map.of(), List.of(), ""));
    assertThat(
            read(
                """
                {"list" : [1,-20 , 0.5, -1.5E+3, true,
                \tfalse, null],\r
                "empty":[{ },[ ],""]}
                """))
        .isEqualTo(object);
  }

  @Test
  void keepsTheOrderOfFields() {
    assertThat(((Map<?, ?>) read("{\"z\":1,\"a\":2,\"m\":3}")).keySet().toString())
        .isEqualTo("[z, a, m]");
  }

  @Test
  void keepsLongNumbersExact() {
    assertThat(read("[-99999999999999999, 9223372036854775807, 123456789012345678901234567890]"))
        .isEqualTo(
            List.of(
                -99999999999999999L,
                BigInteger.valueOf(Long.MAX_VALUE),
                new BigInteger("123456789012345678901234567890")));
  }

  @Test
  void readsEscapesAndUnicode() {
    assertThat(read("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00|ä😀\""))
        .isEqualTo("a\"\\/\b\f\n\r\tä😀|ä😀");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\" 1} | byte 5: '1}' (expected: ':')",
        "{\"a\":1 | byte 6: end (expected: '}')",
        "{a:1} | byte 1: 'a:1}' (expected: a string)",
        "[1,] | byte 3: ']' (expected: a value)",
        "[1 2] | byte 3: '2]' (expected: ']')",
        "[1}  | byte 2: '}' (expected: ']')",
        "`` | byte 0: end (expected: a value)",
        "nil | byte 1: 'il' (expected: null)",
        "tru | byte 3: end (expected: true)",
        "- | byte 0: '-' (expected: a value)",
        "<html> | byte 0: '<html>' (expected: a value)",
        "{} {} | byte 3: '{}' (expected: nothing more)",
        "\"abc | byte 4: end (expected: the end of a string)",
        "\"\\x\" | byte 2: 'x\"' (expected: an escape)",
        "\"\\u12\" | byte 2: 'u12\"' (expected: four hexadecimal digits)",
        "\"\\ | byte 2: end (expected: an escape)",
      })
  void saysWhatIsNotJsonAndWhere(String text, String message) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(SkepException.class)
        .hasMessage("not JSON: " + message);
  }

  @Test
  void refusesWhatIsTooDeep() {
    assertThat(read("[".repeat(64) + "]".repeat(64))).isInstanceOf(List.class);
    assertThatThrownBy(() -> read("[".repeat(65) + "]".repeat(65)))
        .hasMessageContaining("at most 64 levels");
  }

  /** Jackson, which writes, is the reference. */
  @Test
  void readsWhatIsWritten() {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      var value = new Json(value(random, 0));
      assertThat(JsonText.read(JsonText.compact(value))).as("seed %d", seed).isEqualTo(value);
      assertThat(JsonText.read(JsonText.pretty(value))).as("seed %d", seed).isEqualTo(value);
    }
  }

  private static Object value(Random random, int depth) {
    return switch (random.nextInt(depth < 5 ? 8 : 6)) {
      case 0 -> null;
      case 1 -> random.nextBoolean();
      case 2 -> random.nextLong() >> random.nextInt(8, 64);
      case 3 -> random.nextDouble();
      case 4, 5 -> string(random);
      case 6 -> random.ints(random.nextInt(5)).mapToObj(_ -> value(random, depth + 1)).toList();
      default -> {
        var object = new HashMap<String, Object>();
        random
            .ints(random.nextInt(5))
            .forEach(_ -> object.put(string(random), value(random, depth + 1)));
        yield object;
      }
    };
  }

  private static String string(Random random) {
    var string = new StringBuilder();
    random
        .ints(random.nextInt(12), 0, 0x3000)
        .map(c -> random.nextBoolean() ? c % 128 : c)
        .forEach(string::appendCodePoint);
    return string.append(random.nextInt(4) == 0 ? "😀" : "").toString();
  }
}
