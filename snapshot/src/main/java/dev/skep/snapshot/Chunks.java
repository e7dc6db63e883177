package dev.skep.snapshot;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A guest's memory as chunks that are named by their content. An index is their SHA-256 back to
 * back, 32 bytes each; zeros stand for a chunk of zeros, which nobody stores. {@link
 * SnapshotFiles#ABSENT} is an index in which the chunks that have arrived are zeros too.
 */
public final class Chunks {
  /**
   * Of each chunk, but for the last. 512 KiB, as in Lambda's store (ATC'23, 3.1): large enough that
   * a request's round trip does not dominate, small enough that a guest that waits for one page
   * waits for a few milliseconds of transfer.
   */
  public static final int BYTES = 512 << 10;

  /** Of one name in an index. */
  public static final int DIGEST_BYTES = 32;

  private static final byte[] NOTHING = new byte[DIGEST_BYTES];

  private Chunks() {}

  /** How many there are of a memory. */
  public static int count(long memoryBytes) {
    return Math.toIntExact((memoryBytes + BYTES - 1) / BYTES);
  }

  /** Length of the chunk of that number. */
  public static int length(long memoryBytes, int chunk) {
    return (int) Math.min(BYTES, memoryBytes - (long) chunk * BYTES);
  }

  /** SHA-256 of what remains of the buffer, in hexadecimal. */
  public static String name(ByteBuffer content) {
    MessageDigest sha = sha256();
    sha.update(content.duplicate());
    return HexFormat.of().formatHex(sha.digest());
  }

  /** The name of a chunk in an index; empty if there is nothing to fetch. */
  public static String name(byte[] index, int chunk) {
    int from = chunk * DIGEST_BYTES;
    boolean nothing = Arrays.equals(index, from, from + DIGEST_BYTES, NOTHING, 0, DIGEST_BYTES);
    return nothing ? "" : HexFormat.of().formatHex(index, from, from + DIGEST_BYTES);
  }

  /** Fails with INVALID if the index is not one of a memory of that size. */
  public static void check(byte[] index, long memoryBytes) {
    long expected = (long) count(memoryBytes) * DIGEST_BYTES;
    if (index.length != expected) {
      throw new SkepException(
          Code.INVALID,
          "index of memory chunks: %d bytes (expected: %d, for %d bytes of memory)"
              .formatted(index.length, expected, memoryBytes));
    }
  }

  /** A new SHA-256. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
