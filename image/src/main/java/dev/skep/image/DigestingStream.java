package dev.skep.image;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;

/** Sums what is read through it. */
final class DigestingStream extends FilterInputStream {
  private final MessageDigest sum = Digest.sha256();
  private long count;

  DigestingStream(InputStream in) {
    super(in);
  }

  Digest digest() {
    return Digest.of(sum);
  }

  long count() {
    return count;
  }

  /** Reads the rest, so that the digest is that of all bytes. */
  void drain() throws IOException {
    byte[] rest = new byte[1 << 16];
    int n = read(rest, 0, rest.length);
    while (n >= 0) {
      n = read(rest, 0, rest.length);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    int n = in.read(bytes, offset, length);
    if (n > 0) {
      sum.update(bytes, offset, n);
      count += n;
    }
    return n;
  }

  @Override
  public long skip(long n) throws IOException {
    byte[] skipped = new byte[(int) Math.min(n, 1 << 16)];
    return Math.max(0, read(skipped, 0, skipped.length));
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
