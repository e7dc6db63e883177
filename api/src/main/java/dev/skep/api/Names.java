package dev.skep.api;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The rules for names, with the messages of Kubernetes ({@code apimachinery/util/validation}). Each
 * method gives what is wrong with a name: nothing, for a good one.
 */
public final class Names {
  private static final int LABEL_MAX = 63;
  private static final int SUBDOMAIN_MAX = 253;
  private static final String DNS_1123 = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
  private static final String QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

  private static final Rule DNS_1035_LABEL =
      new Rule(
          LABEL_MAX,
          "[a-z]([-a-z0-9]*[a-z0-9])?",
          "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123'");
  private static final Rule DNS_1123_LABEL =
      new Rule(
          LABEL_MAX,
          DNS_1123,
          "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc'");
  private static final Rule DNS_1123_SUBDOMAIN =
      new Rule(
          SUBDOMAIN_MAX,
          DNS_1123 + "(\\." + DNS_1123 + ")*",
          "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com'");
  private static final Rule QUALIFIED_NAME =
      new Rule(
          LABEL_MAX,
          QUALIFIED,
          "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc'");
  private static final Rule LABEL_VALUE =
      new Rule(
          LABEL_MAX,
          "(" + QUALIFIED + ")?",
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345'");

  private Names() {}

  /** Names of Services: they become part of a host name. */
  public static List<String> dns1035Label(String name) {
    return DNS_1035_LABEL.problems(name);
  }

  /** What names of Services may begin with: it may end with a dash, because more will follow. */
  static List<String> dns1035Prefix(String prefix) {
    boolean cut = prefix.length() > 1 && prefix.endsWith("-");
    return dns1035Label(cut ? prefix.substring(0, prefix.length() - 1) + "a" : prefix);
  }

  public static List<String> dns1123Label(String name) {
    return DNS_1123_LABEL.problems(name);
  }

  public static List<String> dns1123Subdomain(String name) {
    return DNS_1123_SUBDOMAIN.problems(name);
  }

  /** Keys of labels and annotations: a name, perhaps with a DNS subdomain and a slash before it. */
  public static List<String> qualifiedName(String key) {
    int slash = key.indexOf('/');
    var problems = new ArrayList<String>();
    if (slash >= 0) {
      dns1123Subdomain(key.substring(0, slash))
          .forEach(problem -> problems.add("prefix part " + problem));
    }
    QUALIFIED_NAME
        .problems(key.substring(slash + 1))
        .forEach(problem -> problems.add("name part " + problem));
    return problems;
  }

  public static List<String> labelValue(String value) {
    return LABEL_VALUE.problems(value);
  }

  /** What a whole name must match; the text ends where Kubernetes goes on with the expression. */
  private record Rule(int longest, Pattern pattern, String text) {
    Rule(int longest, String expression, String text) {
      this(
          longest,
          Pattern.compile(expression),
          text + ", regex used for validation is '" + expression + "')");
    }

    List<String> problems(String name) {
      var problems = new ArrayList<String>();
      if (name.length() > longest) {
        problems.add("must be no more than %d characters".formatted(longest));
      }
      if (name.length() > SUBDOMAIN_MAX || !pattern.matcher(name).matches()) {
        problems.add(text);
      }
      return List.copyOf(problems);
    }
  }
}
