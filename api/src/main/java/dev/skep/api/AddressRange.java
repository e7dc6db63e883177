package dev.skep.api;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A range of IPv4 addresses for services, {@code 10.200.0.0/16}.
 *
 * @param first as a number; its bits below the prefix are 0
 * @param length of the prefix, 8 to 30
 */
public record AddressRange(long first, int length) {
  private static final Pattern FORM =
      Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})/(\\d{1,2})");

  /**
   * @throws IllegalArgumentException with what was expected
   */
  public static AddressRange parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw bad(text);
    }
    long first = 0;
    for (int i = 1; i <= 4; i++) {
      int part = Integer.parseInt(form.group(i));
      if (part > 255) {
        throw bad(text);
      }
      first = first << 8 | part;
    }
    int length = Integer.parseInt(form.group(5));
    if (length < 8 || length > 30 || (first & ((1L << (32 - length)) - 1)) != 0) {
      throw bad(text);
    }
    return new AddressRange(first, length);
  }

  private static IllegalArgumentException bad(String text) {
    return new IllegalArgumentException(
        "'" + text + "' (expected: an IPv4 network of 8 to 30 bits, like 10.200.0.0/16)");
  }

  /** How many addresses it has for use: without its first, and without the last. */
  public long size() {
    return (1L << (32 - length)) - 2;
  }

  /**
   * One of them.
   *
   * @param index 0 to {@link #size}, exclusive
   */
  public String at(long index) {
    long address = first + 1 + index;
    return (address >> 24)
        + "."
        + (address >> 16 & 255)
        + "."
        + (address >> 8 & 255)
        + "."
        + (address & 255);
  }

  /** Whether it is one of those for use, written as {@link #at} does. */
  public boolean contains(String address) {
    Matcher form = FORM.matcher(address + "/32");
    if (!form.matches()) {
      return false;
    }
    long number = 0;
    for (int i = 1; i <= 4; i++) {
      number = number << 8 | Integer.parseInt(form.group(i));
    }
    long index = number - first - 1;
    return index >= 0 && index < size() && at(index).equals(address);
  }

  public boolean overlaps(AddressRange other) {
    int shorter = Math.min(length, other.length);
    return first >> (32 - shorter) == other.first >> (32 - shorter);
  }

  @Override
  public String toString() {
    String dotted = at(-1);
    return dotted + "/" + length;
  }
}
