package dev.skep.gateway;

import java.util.concurrent.ThreadLocalRandom;

/** Ids that join a request with what happened for it. They are unique, not secret. */
final class RequestId {
  private static final int LONGEST = 128;
  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private RequestId() {}

  /** 128 random bits in hex. */
  static String next() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    char[] text = new char[32];
    write(random.nextLong(), text, 0);
    write(random.nextLong(), text, 16);
    return new String(text);
  }

  /** Whether an id from outside can go into headers, logs and records unchanged. */
  static boolean isSane(CharSequence id) {
    if (id.isEmpty() || id.length() > LONGEST) {
      return false;
    }
    for (int i = 0; i < id.length(); i++) {
      char c = id.charAt(i);
      boolean letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
      if (!letter && !(c >= '0' && c <= '9') && "-_.:/+=@".indexOf(c) < 0) {
        return false;
      }
    }
    return true;
  }

  private static void write(long bits, char[] text, int from) {
    for (int i = 0; i < 16; i++) {
      text[from + i] = HEX[(int) (bits >>> (4 * i)) & 15];
    }
  }
}
