package dev.skep.control;

import dev.skep.api.EnvSource;
import dev.skep.api.InstanceField;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The environment that a revision asks for, with ConfigMaps and Secrets as they are now.
 *
 * @param problems why a function cannot start with it, without any value
 */
public record Environment(Map<String, String> variables, List<String> problems) {
  private static final Pattern REFERENCE = Pattern.compile("\\$(?:\\$|\\(([^)]*)\\))");

  /** Reads the store, at each start anew. */
  public static Environment of(
      List<EnvSource> sources, InstanceField.Instance self, Configuration configuration) {
    var resolving = new Resolving(self, configuration);
    sources.forEach(resolving::add);
    return new Environment(resolving.variables, resolving.problems);
  }

  /**
   * A text with the variables that it names as {@code $(NAME)}. As in Kubernetes ({@code
   * third_party/forked/golang/expansion}) {@code $$} is a dollar, and an unknown name stays.
   */
  static String expand(String text, Map<String, String> variables) {
    return REFERENCE
        .matcher(text)
        .replaceAll(found -> Matcher.quoteReplacement(replacement(found, variables)));
  }

  private static String replacement(MatchResult found, Map<String, String> variables) {
    String name = found.group(1);
    return name == null ? "$" : variables.getOrDefault(name, found.group());
  }

  /** Lists what is there so far. */
  private static final class Resolving {
    private final InstanceField.Instance self;
    private final Configuration configuration;
    private final Map<String, String> variables = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();

    Resolving(InstanceField.Instance self, Configuration configuration) {
      this.self = self;
      this.configuration = configuration;
    }

    void add(EnvSource source) {
      switch (source) {
        case EnvSource.Literal(String name, String value) ->
            variables.put(name, expand(value, variables));
        case EnvSource.Field(String name, InstanceField field) ->
            variables.put(name, self.get(field));
        case EnvSource.OneKey(String name, EnvSource.Reference from, String key) ->
            data(from).ifPresent(data -> one(name, from, key, data));
        case EnvSource.AllKeys(String prefix, EnvSource.Reference from) ->
            data(from)
                .ifPresent(data -> data.forEach((key, value) -> put(prefix + key, value, from)));
      }
    }

    private void one(String name, EnvSource.Reference from, String key, Map<String, byte[]> data) {
      byte[] value = data.get(key);
      if (value != null) {
        put(name, value, from);
      } else if (!from.optional()) {
        problems.add(configuration.missing(from, key, "the variable " + name));
      }
    }

    private void put(String name, byte[] value, EnvSource.Reference from) {
      String text = new String(value, StandardCharsets.UTF_8);
      if (text.indexOf('\0') < 0) {
        variables.put(name, text);
      } else {
        problems.add(
            "%s %s/%s: the value for the variable %s has a NUL byte (expected: text)"
                .formatted(from.kind(), configuration.namespace(), from.name(), name));
      }
    }

    /** Empty where there is none, which is a problem unless it is optional. */
    private Optional<Map<String, byte[]>> data(EnvSource.Reference from) {
      Optional<Map<String, byte[]>> data = configuration.find(from, false);
      if (data.isEmpty() && !from.optional()) {
        problems.add(configuration.missing(from));
      }
      return data;
    }
  }
}
