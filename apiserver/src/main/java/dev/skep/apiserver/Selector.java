package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which objects a list or watch is about.
 *
 * @param fields {@code fieldSelector}: what it says of an object never changes
 * @param labels {@code labelSelector}: an object may enter and leave it
 */
record Selector(Predicate<ApiObject> fields, Predicate<ApiObject> labels) {
  private static final Pattern FIELD = Pattern.compile("([^=!]+)(==|=|!=)(.*)");
  private static final Pattern LABEL =
      Pattern.compile(
          "\\s*(?:(!)\\s*([^\\s!=]+)"
              + "|([^\\s!=]+)\\s+(in|notin)\\s*\\(([^)]*)\\)"
              + "|([^\\s!=]+)\\s*(==|=|!=)\\s*(\\S*)"
              + "|([^\\s!=]+))\\s*");
  private static final Pattern COMMA_OUTSIDE_PARENTHESES = Pattern.compile(",(?![^(]*\\))");

  static Selector of(Exchange exchange) {
    return of(exchange.query("labelSelector"), exchange.query("fieldSelector"));
  }

  static Selector of(Optional<String> labels, Optional<String> fields) {
    Predicate<ApiObject> byLabel = _ -> true;
    for (String part : parts(labels)) {
      byLabel = byLabel.and(label(part));
    }
    Predicate<ApiObject> byField = _ -> true;
    for (String part : parts(fields)) {
      byField = byField.and(field(part));
    }
    return new Selector(byField, byLabel);
  }

  Selector named(String name) {
    return new Selector(fields.and(object -> object.name().equals(name)), labels);
  }

  boolean matches(ApiObject object) {
    return fields.test(object) && labels.test(object);
  }

  private static List<String> parts(Optional<String> selector) {
    return selector.filter(text -> !text.isBlank()).stream()
        .flatMap(COMMA_OUTSIDE_PARENTHESES::splitAsStream)
        .toList();
  }

  private static Predicate<ApiObject> field(String part) {
    Matcher matcher = FIELD.matcher(part.strip());
    if (!matcher.matches()) {
      throw ApiFailure.badRequest(
          "invalid selector: '%s'; can't understand '%s'".formatted(part, part));
    }
    String value = matcher.group(3);
    boolean equal = !matcher.group(2).equals("!=");
    return switch (matcher.group(1)) {
      case "metadata.name" -> object -> object.name().equals(value) == equal;
      case "metadata.namespace" -> object -> object.namespace().equals(value) == equal;
      default ->
          throw ApiFailure.badRequest(
              "field label not supported: %s (expected: metadata.name or metadata.namespace)"
                  .formatted(matcher.group(1)));
    };
  }

  private static Predicate<ApiObject> label(String part) {
    Matcher matcher = LABEL.matcher(part);
    if (!matcher.matches()) {
      throw ApiFailure.badRequest(
          "unable to parse requirement: \"%s\" (expected: key, !key, key=value, key!=value, key in (a,b) or key notin (a,b))"
              .formatted(part));
    }
    if (matcher.group(1) != null) {
      return labelled(labels -> !labels.containsKey(matcher.group(2)));
    }
    if (matcher.group(4) != null) {
      return set(matcher.group(3), matcher.group(4), matcher.group(5));
    }
    if (matcher.group(7) != null) {
      return equality(matcher.group(6), !matcher.group(7).equals("!="), matcher.group(8));
    }
    return labelled(labels -> labels.containsKey(matcher.group(9)));
  }

  private static Predicate<ApiObject> set(String key, String operator, String list) {
    Set<String> values =
        Set.copyOf(Pattern.compile(",").splitAsStream(list).map(String::strip).toList());
    return operator.equals("in")
        ? labelled(labels -> labels.containsKey(key) && values.contains(labels.get(key)))
        : labelled(labels -> !labels.containsKey(key) || !values.contains(labels.get(key)));
  }

  private static Predicate<ApiObject> equality(String key, boolean equal, String value) {
    return labelled(labels -> value.equals(labels.get(key)) == equal);
  }

  private static Predicate<ApiObject> labelled(Predicate<Map<String, String>> test) {
    return object -> test.test(object.labels());
  }
}
