package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** IPv4 networks as users write them. */
final class Cidr {
  private static final Pattern FORM =
      Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})(?:/(\\d{1,2}))?");

  private Cidr() {}

  /** The text itself, if it is one: it ends up in rules. */
  static String check(String text) {
    Matcher form = FORM.matcher(text);
    boolean good = form.matches();
    for (int i = 1; good && i <= 4; i++) {
      good = Integer.parseInt(form.group(i)) <= 255;
    }
    if (!good || (form.group(5) != null && Integer.parseInt(form.group(5)) > 32)) {
      throw new SkepException(
          Code.INVALID, "network policy: '" + text + "' (expected: an IPv4 network, 10.1.0.0/16)");
    }
    return text;
  }
}
