package dev.skep.daemon;

import dev.skep.api.Nearest;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Lays the user's file over the documented defaults. A key that the defaults lack, a value of
 * another kind, a number out of range: each is INVALID and names file, key and what was expected.
 */
final class ConfigReader {
  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .addModule(
              new SimpleModule()
                  .addDeserializer(Duration.class, new DurationText())
                  .addDeserializer(long.class, new SizeText()))
          .build();

  private ConfigReader() {}

  static DaemonConfig read(Optional<Path> file) {
    ObjectNode settings = defaults();
    String source = file.map(Path::toString).orElse("defaults");
    try {
      file.ifPresent(path -> lay(path, parse(path), settings, ""));
      return YAML.treeToValue(settings, DaemonConfig.class);
    } catch (JacksonException e) {
      String message =
          e.getCause() instanceof IllegalArgumentException bad
              ? String.valueOf(bad.getMessage())
              : e.getOriginalMessage();
      throw new SkepException(Code.INVALID, source + ": " + message, e);
    }
  }

  private static ObjectNode defaults() {
    try (InputStream in = ConfigReader.class.getResourceAsStream("defaults.yaml")) {
      return (ObjectNode) YAML.readTree(Objects.requireNonNull(in));
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, "defaults.yaml: " + e.getMessage(), e);
    }
  }

  private static JsonNode parse(Path file) {
    try {
      return YAML.readTree(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new SkepException(
          Code.INVALID, file + ": cannot be read: " + e.getMessage() + " (expected: YAML)", e);
    } catch (JacksonException e) {
      throw new SkepException(Code.INVALID, file + ": not YAML: " + e.getOriginalMessage(), e);
    }
  }

  private static void lay(Path file, JsonNode over, ObjectNode under, String prefix) {
    if (over.isNull() || over.isMissingNode()) {
      return;
    }
    if (!over.isObject()) {
      throw invalid(file, prefix, "expected keys and values");
    }
    for (Map.Entry<String, JsonNode> entry : over.properties()) {
      String key = prefix.isEmpty() ? entry.getKey() : prefix + "." + entry.getKey();
      JsonNode known = under.get(entry.getKey());
      if (known == null) {
        throw invalid(
            file, key, "no such setting" + Nearest.hint(entry.getKey(), under.propertyNames()));
      }
      if (known instanceof ObjectNode section) {
        lay(file, entry.getValue(), section, key);
      } else if (entry.getValue().isArray() != known.isArray()
          || entry.getValue().isObject()
          || entry.getValue().isNull()) {
        throw invalid(
            file,
            key,
            known.isArray()
                ? "expected a list (like [a, b])"
                : "expected one value (like " + known.asString() + ")");
      } else {
        under.set(entry.getKey(), entry.getValue());
      }
    }
  }

  private static SkepException invalid(Path file, String key, String problem) {
    return new SkepException(
        Code.INVALID, file + ": " + (key.isEmpty() ? "" : key + ": ") + problem);
  }

  /** {@code 500ms}, {@code 30s}, {@code 5m}, {@code 1h}. */
  private static final class DurationText extends ValueDeserializer<Duration> {
    @Override
    public Duration deserialize(JsonParser parser, DeserializationContext context) {
      String text = parser.getString();
      try {
        return text.endsWith("ms")
            ? Duration.ofMillis(Long.parseLong(text.substring(0, text.length() - 2)))
            : Duration.parse("PT" + text);
      } catch (java.time.format.DateTimeParseException | NumberFormatException e) {
        throw new IllegalArgumentException(
            key(parser) + ": '" + text + "' is not a duration (expected: like 500ms, 30s or 5m)",
            e);
      }
    }
  }

  /** Bytes, with {@code Ki}, {@code Mi} or {@code Gi}. */
  private static final class SizeText extends ValueDeserializer<Long> {
    private static final Map<String, Integer> SHIFTS = Map.of("", 0, "Ki", 10, "Mi", 20, "Gi", 30);

    @Override
    public Long deserialize(JsonParser parser, DeserializationContext context) {
      String text = parser.getString();
      String unit = text.replaceFirst("^\\d{1,9}", "");
      Integer shift = SHIFTS.get(unit);
      if (shift == null || unit.length() == text.length()) {
        throw new IllegalArgumentException(
            key(parser) + ": '" + text + "' is not a size (expected: like 512Ki, 10Mi or 2Gi)");
      }
      return Long.parseLong(text.substring(0, text.length() - unit.length())) << shift;
    }
  }

  private static String key(JsonParser parser) {
    return parser.streamReadContext().pathAsPointer().toString().substring(1).replace('/', '.');
  }
}
