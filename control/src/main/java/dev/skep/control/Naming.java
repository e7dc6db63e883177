package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Which names routes get, and how their traffic moves: what the ConfigMaps {@code config-domain},
 * {@code config-network} and {@code config-features} of {@code knative-serving} say; pure.
 *
 * @param domains the most specific selector first
 * @param https whether external URLs begin with that
 * @param redirected whether requests without TLS are sent to where there is TLS
 * @param rollout how long traffic takes to move, where the route does not say it
 * @param tagHeader whether the header {@code Knative-Serving-Tag} chooses
 */
record Naming(
    List<Domain> domains,
    NameTemplate domainTemplate,
    NameTemplate tagTemplate,
    boolean https,
    boolean redirected,
    Duration rollout,
    boolean tagHeader) {

  /** Of the routes that have all of these labels. */
  record Domain(String name, Map<String, String> selector) {
    private boolean selects(Map<String, String> labels) {
      return labels.entrySet().containsAll(selector.entrySet());
    }
  }

  private static final String EXAMPLE = "_example";
  private static final Comparator<Domain> BY_SPECIFICITY =
      Comparator.<Domain>comparingInt(each -> -each.selector().size()).thenComparing(Domain::name);

  /**
   * Reads the three ConfigMaps.
   *
   * @param fallback the domain of routes that no other has
   * @throws SkepException INVALID, in Knative's words
   */
  static Naming of(
      Map<String, String> domain,
      Map<String, String> network,
      Map<String, String> features,
      String fallback) {
    return new Naming(
        domains(domain, fallback),
        domainTemplate(network),
        NameTemplate.parse(
            "tag-template",
            either(network, "tag-template", "tagTemplate", "{{.Tag}}-{{.Name}}"),
            Set.of("Name", "Tag"),
            Set.of()),
        either(network, "default-external-scheme", "defaultExternalScheme", "http").equals("https"),
        redirected(network),
        rollout(network),
        features.getOrDefault("tag-header-based-routing", "").equalsIgnoreCase("Enabled"));
  }

  /** Where no ConfigMap says anything. */
  static Naming standard(String domain) {
    return of(Map.of(), Map.of(), Map.of(), domain);
  }

  private static String either(Map<String, String> data, String key, String old, String absent) {
    return data.getOrDefault(key, data.getOrDefault(old, absent));
  }

  private static List<Domain> domains(Map<String, String> data, String fallback) {
    var domains = new ArrayList<Domain>();
    data.forEach(
        (name, selector) -> {
          if (!name.equals(EXAMPLE)) {
            domains.add(new Domain(name, selector(name, selector)));
          }
        });
    if (domains.stream().noneMatch(each -> each.selector().isEmpty())) {
      domains.add(new Domain(fallback, Map.of()));
    }
    domains.sort(BY_SPECIFICITY);
    return List.copyOf(domains);
  }

  /** {@code selector:} and below it one label a line, or the same as JSON. */
  private static Map<String, String> selector(String domain, String text) {
    var labels = new TreeMap<String, String>();
    if (text.strip().startsWith("{")) {
      try {
        JsonNode selector = ApiJson.mapper().readTree(text).path("selector");
        selector.propertyNames().forEach(key -> labels.put(key, selector.path(key).asString("")));
      } catch (JacksonException e) {
        throw unreadable(domain, e.getOriginalMessage());
      }
      return labels;
    }
    boolean inside = false;
    for (String line : text.lines().toList()) {
      String plain = line.replaceFirst("(^|\\s)#.*", "").stripTrailing();
      int colon = plain.indexOf(':');
      if (plain.isEmpty()) {
        continue;
      }
      if (colon < 0) {
        throw unreadable(domain, "'" + plain.strip() + "' (expected: KEY: VALUE)");
      }
      String value = plain.substring(colon + 1).strip().replaceAll("^([\"'])(.*)\\1$", "$2");
      if (!Character.isWhitespace(plain.charAt(0))) {
        inside = plain.equals("selector:");
      } else if (inside) {
        labels.put(plain.substring(0, colon).strip(), value);
      }
    }
    return labels;
  }

  private static SkepException unreadable(String domain, String why) {
    return new SkepException(
        Code.INVALID, "error converting YAML to JSON: %s: %s".formatted(domain, why));
  }

  private static NameTemplate domainTemplate(Map<String, String> network) {
    NameTemplate template =
        NameTemplate.parse(
            "domain-template",
            either(
                network,
                "domain-template",
                "domainTemplate",
                "{{.Name}}.{{.Namespace}}.{{.Domain}}"),
            Set.of("Name", "Namespace", "Domain"),
            Set.of("Labels", "Annotations"));
    String sample =
        template.apply(
            new NameTemplate.Values(
                Map.of("Name", "foo", "Namespace", "bar", "Domain", "baz.com"), Map.of()));
    try {
      var uri = new URI("https://" + sample);
      if (uri.getHost() == null) {
        throw new SkepException(Code.INVALID, "empty hostname");
      }
      if (!uri.getPath().isEmpty() && !uri.getPath().equals("/")) {
        throw new SkepException(Code.INVALID, "domain template has url path: " + uri.getPath());
      }
    } catch (URISyntaxException e) {
      throw new SkepException(Code.INVALID, "domain-template: " + e.getMessage(), e);
    }
    return template;
  }

  private static boolean redirected(Map<String, String> network) {
    String text = either(network, "http-protocol", "httpProtocol", "");
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "", "enabled", "disabled" -> false;
      case "redirected" -> true;
      default ->
          throw new SkepException(
              Code.INVALID,
              "httpProtocol %s in config-network ConfigMap is not supported".formatted(text));
    };
  }

  private static Duration rollout(Map<String, String> network) {
    String text = either(network, "rollout-duration", "rolloutDuration", "0");
    int seconds;
    try {
      seconds = Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new SkepException(
          Code.INVALID,
          "failed to parse \"rollout-duration\": strconv.ParseInt: parsing \"%s\": invalid syntax"
              .formatted(text),
          e);
    }
    if (seconds < 0) {
      throw new SkepException(
          Code.INVALID,
          "rollout-duration must be a positive integer, but was %d".formatted(seconds));
    }
    return Duration.ofSeconds(seconds);
  }

  /** The name of a route under which one of its tags is reached. */
  ObjectName tagged(ObjectName route, String tag) {
    var values = new NameTemplate.Values(Map.of("Name", route.name(), "Tag", tag), Map.of());
    return new ObjectName(route.namespace(), tagTemplate.apply(values));
  }

  /** Whether requests without TLS to a route are sent to where there is TLS, if there is. */
  boolean redirects(ApiObject route) {
    String own = route.annotations().getOrDefault(Keys.HTTP_PROTOCOL, "");
    return own.isEmpty() ? redirected : own.toLowerCase(Locale.ROOT).equals("redirected");
  }

  /** The domain of a route with these labels. */
  String domain(Map<String, String> labels) {
    return domains.stream()
        .filter(each -> each.selects(labels))
        .findFirst()
        .map(Domain::name)
        .orElseThrow();
  }
}
