package dev.skep.api;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An amount as Kubernetes writes it: {@code 500m}, {@code 128Mi}, {@code 1.5e3}. Parts smaller than
 * a billionth are rounded up.
 *
 * @param value exact
 * @param format how {@link #toString} writes it
 */
public record Quantity(BigDecimal value, Format format) {
  /** The three ways of writing, of which a quantity keeps the one it was written in. */
  public enum Format {
    /** {@code Ki Mi Gi Ti Pi Ei}, powers of 1024. */
    BINARY,
    /** {@code n u m k M G T P E}, powers of 1000. */
    DECIMAL,
    /** {@code e3}, powers of ten whose exponent is a multiple of 3. */
    EXPONENT
  }

  private static final Pattern WRITTEN =
      Pattern.compile("([+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+))([a-zA-Z]*)([+-]?[0-9]*)");
  private static final Map<String, Integer> BINARY_POWERS =
      Map.of("Ki", 1, "Mi", 2, "Gi", 3, "Ti", 4, "Pi", 5, "Ei", 6);
  private static final Map<String, Integer> DECIMAL_EXPONENTS =
      Map.of("n", -9, "u", -6, "m", -3, "", 0, "k", 3, "M", 6, "G", 9, "T", 12, "P", 15, "E", 18);
  private static final String[] BINARY_SUFFIXES = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  private static final String[] DECIMAL_SUFFIXES = {
    "n", "u", "m", "", "k", "M", "G", "T", "P", "E"
  };
  private static final BigDecimal LARGEST = BigDecimal.valueOf(Long.MAX_VALUE);
  private static final BigInteger KIBI = BigInteger.valueOf(1024);
  private static final int LONGEST = 64;

  /** Reads a quantity; fails with INVALID and a message that quotes {@code text}. */
  public static Quantity parse(String text) {
    Matcher matcher = WRITTEN.matcher(text);
    if (text.length() > LONGEST || !matcher.matches()) {
      throw malformed(text);
    }
    var number = new BigDecimal(matcher.group(1));
    String suffix = matcher.group(2);
    String exponent = matcher.group(3);
    if (!exponent.isEmpty()) {
      return exponential(text, number, suffix, exponent);
    }
    Integer power = BINARY_POWERS.get(suffix);
    if (power != null) {
      return of(number.multiply(new BigDecimal(KIBI.pow(power))), Format.BINARY);
    }
    Integer ten = DECIMAL_EXPONENTS.get(suffix);
    if (ten == null) {
      throw malformed(text);
    }
    return of(number.scaleByPowerOfTen(ten), Format.DECIMAL);
  }

  /** Empty for what is no quantity. */
  static Optional<Quantity> tryParse(String text) {
    try {
      return Optional.of(parse(text));
    } catch (SkepException _) {
      return Optional.empty();
    }
  }

  private static Quantity exponential(
      String text, BigDecimal number, String suffix, String exponent) {
    if (!suffix.equalsIgnoreCase("e") || !exponent.matches("[+-]?[0-9]{1,3}")) {
      throw malformed(text);
    }
    return of(number.scaleByPowerOfTen(Integer.parseInt(exponent)), Format.EXPONENT);
  }

  private static Quantity of(BigDecimal exact, Format format) {
    BigDecimal rounded = exact.setScale(9, RoundingMode.UP).stripTrailingZeros();
    return new Quantity(rounded.min(LARGEST).max(LARGEST.negate()), format);
  }

  private static SkepException malformed(String text) {
    String shown = text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text;
    return new SkepException(
        SkepException.Code.INVALID,
        "\"%s\": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$' (such as 500m, 1.5 or 128Mi)"
            .formatted(shown));
  }

  /** Whole units, a part of one counted as one. */
  public long roundedUp() {
    return value.setScale(0, RoundingMode.UP).longValueExact();
  }

  /** Thousandths, a part of one counted as one; {@code 0.5} CPU is 500. */
  public long millis() {
    BigDecimal thousandths = value.scaleByPowerOfTen(3).setScale(0, RoundingMode.UP);
    return thousandths.min(LARGEST).longValueExact();
  }

  /** The canonical form: no fraction, the largest suffix that loses nothing. */
  @Override
  public String toString() {
    if (value.signum() == 0) {
      return "0";
    }
    return format == Format.BINARY && isWhole() && value.abs().compareTo(new BigDecimal(KIBI)) >= 0
        ? binary()
        : decimal();
  }

  private boolean isWhole() {
    return value.stripTrailingZeros().scale() <= 0;
  }

  private String binary() {
    BigInteger rest = value.toBigIntegerExact();
    int power = 0;
    while (power < BINARY_SUFFIXES.length - 1 && rest.mod(KIBI).signum() == 0) {
      rest = rest.divide(KIBI);
      power++;
    }
    return rest + BINARY_SUFFIXES[power];
  }

  private String decimal() {
    BigDecimal stripped = value.stripTrailingZeros();
    int exponent = Math.min(18, Math.floorDiv(-stripped.scale(), 3) * 3);
    String digits = stripped.scaleByPowerOfTen(-exponent).toBigIntegerExact().toString();
    if (format == Format.EXPONENT) {
      return exponent == 0 ? digits : digits + "e" + exponent;
    }
    return digits + DECIMAL_SUFFIXES[exponent / 3 + 3];
  }
}
