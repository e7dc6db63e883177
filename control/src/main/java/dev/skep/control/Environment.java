package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.EnvSource;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * The environment that a revision asks for, with ConfigMaps and Secrets as they are now.
 *
 * @param problems why a function cannot start with it, without any value
 */
public record Environment(Map<String, String> variables, List<String> problems) {
  /** Reads the store, at each start anew. */
  static Environment of(List<EnvSource> sources, String namespace, ResourceStore store) {
    return of(sources, namespace, Map.of(), store);
  }

  /**
   * The same of a pod.
   *
   * @param fields what its variables may take from itself, by their paths
   */
  public static Environment of(
      List<EnvSource> sources,
      String namespace,
      Map<String, String> fields,
      ResourceStore store) {
    var resolving = new Resolving(namespace, fields, store);
    sources.forEach(resolving::add);
    return new Environment(resolving.variables, resolving.problems);
  }

  /** Lists what is there so far. */
  private static final class Resolving {
    private final String namespace;
    private final Map<String, String> fields;
    private final ResourceStore store;
    private final Map<String, String> variables = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();

    Resolving(String namespace, Map<String, String> fields, ResourceStore store) {
      this.namespace = namespace;
      this.fields = fields;
      this.store = store;
    }

    void add(EnvSource source) {
      switch (source) {
        case EnvSource.Literal(String name, String value) -> variables.put(name, value);
        case EnvSource.PodField(String name, String path) ->
            variables.put(name, fields.getOrDefault(path, ""));
        case EnvSource.OneKey(String name, EnvSource.Reference from, String key) ->
            data(from).ifPresent(data -> one(name, from, key, data));
        case EnvSource.AllKeys(String prefix, EnvSource.Reference from) ->
            data(from)
                .ifPresent(data -> data.forEach((key, value) -> put(prefix + key, value, from)));
      }
    }

    private void one(String name, EnvSource.Reference from, String key, Map<String, String> data) {
      String value = data.get(key);
      if (value != null) {
        put(name, value, from);
      } else if (!from.optional()) {
        problems.add(
            "%s %s/%s has no key \"%s\" (expected: one, for the variable %s)"
                .formatted(from.kind(), namespace, from.name(), key, name));
      }
    }

    private void put(String name, String value, EnvSource.Reference from) {
      if (value.indexOf('\0') < 0) {
        variables.put(name, value);
      } else {
        problems.add(
            "%s %s/%s: the value for the variable %s has a NUL byte (expected: text)"
                .formatted(from.kind(), namespace, from.name(), name));
      }
    }

    /** Empty where there is none, which is a problem unless it is optional. */
    private Optional<Map<String, String>> data(EnvSource.Reference from) {
      Optional<ApiObject> object = store.get(kind(from.kind()), namespace, from.name());
      if (object.isEmpty() && !from.optional()) {
        problems.add(
            "%s %s/%s does not exist (expected: it, or `optional: true`)"
                .formatted(from.kind(), namespace, from.name()));
      }
      return object.map(found -> values(from.kind(), found.json().path("data")));
    }

    private static ResourceKind kind(EnvSource.Kind kind) {
      return switch (kind) {
        case CONFIG_MAP -> ResourceKind.CONFIG_MAP;
        case SECRET -> ResourceKind.SECRET;
      };
    }

    private static Map<String, String> values(EnvSource.Kind kind, JsonNode data) {
      var values = new LinkedHashMap<String, String>();
      for (Map.Entry<String, JsonNode> entry : data.properties()) {
        String text = Objects.requireNonNull(entry.getValue()).asString("");
        values.put(
            entry.getKey(),
            kind == EnvSource.Kind.SECRET
                ? new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8)
                : text);
      }
      return values;
    }
  }
}
