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
 * @param fields {@code fieldSelector}: names and such, which never change
 * @param labels {@code labelSelector}: an object may enter and leave it
 * @param isAll whether there is nothing that they leave out
 */
record Selector(Predicate<ApiObject> fields, Predicate<ApiObject> labels, boolean isAll) {
  private static final Pattern FIELD = Pattern.compile("([^=!]+)(==|=|!=)(.*)");
  private static final Pattern LABEL =
      Pattern.compile(
          "\\s*(?:(!)\\s*([^\\s!=]+)"
              + "|([^\\s!=]+)\\s+(in|notin)\\s*\\(([^)]*)\\)"
              + "|([^\\s!=]+)\\s*(==|=|!=)\\s*(\\S*)"
              + "|([^\\s!=]+))\\s*");

  /** Fields by which objects of a kind may be selected, beside name and namespace. */
  private static final Map<String, List<String>> FIELDS =
      Map.of(
          "secrets",
          List.of("type"),
          "namespaces",
          List.of("status.phase"),
          "pods",
          List.of("spec.nodeName", "spec.restartPolicy", "status.phase", "status.podIP"),
          "events",
          List.of(
              "involvedObject.apiVersion",
              "involvedObject.fieldPath",
              "involvedObject.kind",
              "involvedObject.name",
              "involvedObject.namespace",
              "involvedObject.resourceVersion",
              "involvedObject.uid",
              "regarding.apiVersion",
              "regarding.kind",
              "regarding.name",
              "regarding.namespace",
              "regarding.uid",
              "reportingComponent",
              "reportingController",
              "reason",
              "type"));

  private static final Pattern COMMA_OUTSIDE_PARENTHESES = Pattern.compile(",(?![^(]*\\))");

  static Selector of(ServedKind served, Exchange exchange) {
    return of(served, exchange.query("labelSelector"), exchange.query("fieldSelector"));
  }

  static Selector of(ServedKind served, Optional<String> labels, Optional<String> fields) {
    Predicate<ApiObject> byLabel = _ -> true;
    for (String part : parts(labels)) {
      byLabel = byLabel.and(label(part));
    }
    Predicate<ApiObject> byField = _ -> true;
    for (String part : parts(fields)) {
      byField = byField.and(field(served, part));
    }
    return new Selector(byField, byLabel, parts(labels).isEmpty() && parts(fields).isEmpty());
  }

  Selector named(String name) {
    return new Selector(fields.and(object -> object.name().equals(name)), labels, false);
  }

  boolean matches(ApiObject object) {
    return fields.test(object) && labels.test(object);
  }

  private static List<String> parts(Optional<String> selector) {
    return selector.filter(text -> !text.isBlank()).stream()
        .flatMap(COMMA_OUTSIDE_PARENTHESES::splitAsStream)
        .toList();
  }

  private static Predicate<ApiObject> field(ServedKind served, String part) {
    Matcher matcher = FIELD.matcher(part.strip());
    if (!matcher.matches()) {
      throw ApiFailure.badRequest(
          "invalid selector: '%s'; can't understand '%s'".formatted(part, part));
    }
    String value = matcher.group(3);
    boolean equal = !matcher.group(2).equals("!=");
    String field = matcher.group(1);
    List<String> known = FIELDS.getOrDefault(served.kind().plural(), List.of());
    return switch (field) {
      case "metadata.name" -> object -> object.name().equals(value) == equal;
      case "metadata.namespace" -> object -> object.namespace().equals(value) == equal;
      case String _ when !served.isKnative() && known.contains(field) -> {
        String pointer = "/" + field.replace('.', '/');
        yield object -> object.json().at(pointer).asString("").equals(value) == equal;
      }
      default ->
          throw ApiFailure.badRequest(
              "field label not supported: %s (expected: metadata.name or metadata.namespace)"
                  .formatted(field));
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
