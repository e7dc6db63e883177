package dev.skep.image;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * A SHA-256 digest.
 *
 * @param hex 64 lower-case digits, so that it is safe in a file name
 */
record Digest(String hex) {
  private static final Pattern FORM = Pattern.compile("sha256:([0-9a-f]{64})");

  /** Reads {@code sha256:...}; no other algorithm is known. */
  static Digest parse(String text) {
    var matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw Invalid.image(
          "digest " + Printable.of(text) + ": expected 'sha256:' and 64 hexadecimal digits");
    }
    return new Digest(matcher.group(1));
  }

  static boolean isValid(String text) {
    return FORM.matcher(text).matches();
  }

  static Digest of(byte[] content) {
    return ofSum(sha256().digest(content));
  }

  /** Of the first bytes of an array. */
  static Digest of(byte[] content, int length) {
    MessageDigest sum = sha256();
    sum.update(content, 0, length);
    return ofSum(sum.digest());
  }

  /** What the state says now; it can go on to be updated. */
  static Digest of(MessageDigest state) {
    try {
      return ofSum(((MessageDigest) state.clone()).digest());
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Digest ofSum(byte[] sum) {
    return new Digest(HexFormat.of().formatHex(sum));
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  @Override
  public String toString() {
    return "sha256:" + hex;
  }
}
