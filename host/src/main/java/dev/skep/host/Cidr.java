package dev.skep.host;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An IPv4 network. Text of users becomes rules only by way of this. */
record Cidr(long address, int length) {
  private static final Pattern FORM =
      Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})(?:/(\\d{1,2}))?");

  static Cidr parse(String text) {
    Matcher form = FORM.matcher(text);
    int length = form.matches() && form.group(5) != null ? Integer.parseInt(form.group(5)) : 32;
    long address = 0;
    for (int i = 1; form.matches() && i <= 4; i++) {
      int part = Integer.parseInt(form.group(i));
      length = part > 255 ? 33 : length;
      address = address << 8 | part;
    }
    if (!form.matches() || length > 32) {
      throw new SkepException(
          Code.INVALID, "network policy: '" + text + "' (expected: an IPv4 network, 10.1.0.0/16)");
    }
    return new Cidr(address & mask(length), length);
  }

  /** The same addresses without networks that lie in others: sets of the kernel refuse those. */
  static List<Cidr> cover(List<String> texts) {
    var cover = new ArrayList<Cidr>();
    texts.stream()
        .map(Cidr::parse)
        .sorted(Comparator.comparingInt(Cidr::length))
        .filter(each -> cover.stream().noneMatch(wider -> wider.contains(each)))
        .forEach(cover::add);
    return cover;
  }

  boolean contains(Cidr other) {
    return other.length >= length && (other.address & mask(length)) == address;
  }

  boolean overlaps(Cidr other) {
    return contains(other) || other.contains(this);
  }

  @Override
  public String toString() {
    String dotted =
        (address >> 24)
            + "."
            + (address >> 16 & 255)
            + "."
            + (address >> 8 & 255)
            + "."
            + (address & 255);
    return length == 32 ? dotted : dotted + "/" + length;
  }

  private static long mask(int length) {
    return length == 0 ? 0 : 0xffffffffL << (32 - length) & 0xffffffffL;
  }
}
