package dev.skep.control;

/**
 * How one thing about an object stands.
 *
 * @param status {@code True}, {@code False} or {@code Unknown}
 * @param reason one word; empty where there is nothing to say
 */
record Condition(String status, String reason, String message) {
  static final Condition TRUE = new Condition("True", "", "");
  static final Condition UNKNOWN = new Condition("Unknown", "", "");

  static Condition no(String reason, String message) {
    return new Condition("False", reason, message);
  }

  static Condition unknown(String reason, String message) {
    return new Condition("Unknown", reason, message);
  }

  boolean isTrue() {
    return status.equals("True");
  }

  boolean isFalse() {
    return status.equals("False");
  }
}
