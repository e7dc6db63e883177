package dev.skep.image;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The records of one PAX extended header. Values stay bytes: attributes such as {@code
 * security.capability} are binary, which text-based readers damage.
 */
final class PaxRecords {
  private static final String XATTR = "SCHILY.xattr.";

  private final Map<String, byte[]> values = new HashMap<>();
  private final List<Xattr> xattrs = new ArrayList<>();
  private final SparseMap sparsePairs = new SparseMap();
  private long pendingOffset = -1;

  static PaxRecords parse(byte[] body) {
    PaxRecords records = new PaxRecords();
    int at = 0;
    while (at < body.length && body[at] != 0) {
      at = records.parseOne(body, at);
    }
    return records;
  }

  private int parseOne(byte[] body, int start) {
    int at = start;
    int length = 0;
    while (at < body.length && body[at] >= '0' && body[at] <= '9' && at - start < 8) {
      length = length * 10 + body[at++] - '0';
    }
    int end = start + length;
    if (at >= body.length || body[at] != ' ' || end > body.length || end <= at + 1) {
      throw Invalid.image("PAX header: bad record length at byte " + start);
    }
    int equals = ++at;
    while (equals < end && body[equals] != '=') {
      equals++;
    }
    if (equals == end || body[end - 1] != '\n') {
      throw Invalid.image("PAX header: record at byte " + start + " is not 'key=value'");
    }
    put(
        new String(body, at, equals - at, StandardCharsets.UTF_8),
        Arrays.copyOfRange(body, equals + 1, end - 1));
    return end;
  }

  private void put(String key, byte[] value) {
    switch (key) {
      case "GNU.sparse.offset" -> pendingOffset = decimal(key, value);
      case "GNU.sparse.numbytes" -> sparsePairs.add(pendingOffset, decimal(key, value));
      default -> {
        if (key.startsWith(XATTR)) {
          byte[] name = key.substring(XATTR.length()).getBytes(StandardCharsets.UTF_8);
          xattrs.removeIf(x -> Arrays.equals(x.name(), name));
          // An empty value takes an earlier one back (POSIX pax); so do other unpackers read it.
          if (value.length > 0) {
            xattrs.add(new Xattr(name, value));
          }
        } else {
          values.put(key, value);
        }
      }
    }
  }

  List<Xattr> xattrs() {
    return xattrs;
  }

  byte @Nullable [] bytes(String key) {
    return values.get(key);
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** An empty value takes a record back: the header's own counts. */
  long number(String key, long otherwise) {
    byte[] value = values.get(key);
    return value == null || value.length == 0 ? otherwise : decimal(key, value);
  }

  /** Seconds and nanoseconds since 1970, rounded down. */
  long @Nullable [] time(String key) {
    byte[] value = values.get(key);
    if (value == null || value.length == 0) {
      return null;
    }
    String text = new String(value, StandardCharsets.US_ASCII);
    int dot = text.indexOf('.');
    String whole = dot < 0 ? text : text.substring(0, dot);
    String fraction = dot < 0 ? "" : text.substring(dot + 1);
    try {
      long seconds = Long.parseLong(whole.isEmpty() || whole.equals("-") ? whole + "0" : whole);
      long nanos = Long.parseLong((fraction + "000000000").substring(0, 9));
      boolean negative = whole.startsWith("-") && nanos > 0;
      return negative
          ? new long[] {seconds - 1, 1_000_000_000 - nanos}
          : new long[] {seconds, nanos};
    } catch (NumberFormatException e) {
      throw Invalid.image("PAX header: " + key + " is " + Printable.of(value) + ", not a time");
    }
  }

  /** The map of a sparse file in the formats 0.0 and 0.1; null when there is none. */
  @Nullable SparseMap sparseMap() {
    byte[] map = values.get("GNU.sparse.map");
    if (map == null) {
      return sparsePairs.pieces() > 0 ? sparsePairs : null;
    }
    SparseMap sparse = new SparseMap();
    String[] numbers = new String(map, StandardCharsets.US_ASCII).split(",", -1);
    for (int i = 0; i + 1 < numbers.length; i += 2) {
      sparse.add(decimal("GNU.sparse.map", numbers[i]), decimal("GNU.sparse.map", numbers[i + 1]));
    }
    return sparse;
  }

  private static long decimal(String key, byte[] value) {
    return decimal(key, new String(value, StandardCharsets.US_ASCII));
  }

  private static long decimal(String key, String value) {
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw Invalid.image("PAX header: " + key + " is " + Printable.of(value) + ", not a number");
    }
  }
}
