package dev.skep.image;

import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/** The part of a blob that was asked for, whether the registry sends it alone or all of it. */
final class RangeBody implements Transport.Body {
  /** Slower than this on average, after {@link #PATIENCE_NANOS}, and the answer is given up. */
  private static final long LEAST_BYTES_PER_SECOND = 4 << 10;

  private static final long PATIENCE_NANOS = 20_000_000_000L;

  private final LongSupplier nanoTime;
  private final long offset;
  private final byte[] bytes;
  private long toSkip;
  private int length;
  private long began;
  private long received;
  private boolean whole;

  RangeBody(long offset, int bytes) {
    this(offset, bytes, System::nanoTime);
  }

  RangeBody(long offset, int bytes, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.offset = offset;
    this.bytes = new byte[bytes];
  }

  String header() {
    return "bytes=" + offset + "-" + (offset + bytes.length - 1);
  }

  boolean isComplete() {
    return length == bytes.length;
  }

  /** The registry knows no ranges: it sent the blob from its beginning. */
  boolean isOfWhole() {
    return whole;
  }

  byte[] bytes() {
    return bytes;
  }

  @Override
  public boolean begin(int status, HttpHeaders headers) throws IOException {
    length = 0;
    received = 0;
    began = nanoTime.getAsLong();
    whole = status == 200;
    toSkip = whole ? offset : 0;
    if (status == 206) {
      String range = headers.firstValue("Content-Range").orElse("");
      if (!range.startsWith("bytes " + offset + "-")) {
        throw new IOException(
            "asked for %s, got %s".formatted(header(), Printable.of("Content-Range: " + range)));
      }
    }
    return whole || status == 206;
  }

  @Override
  public void accept(ByteBuffer buffer) throws IOException {
    received += buffer.remaining();
    int skipped = (int) Math.min(toSkip, buffer.remaining());
    buffer.position(buffer.position() + skipped);
    toSkip -= skipped;
    int n = Math.min(buffer.remaining(), bytes.length - length);
    buffer.get(bytes, length, n);
    length += n;
    if (isComplete() && whole) {
      throw new IOException("the rest is not wanted");
    }
    long nanos = nanoTime.getAsLong() - began;
    if (nanos > PATIENCE_NANOS && received < nanos / 1_000_000_000 * LEAST_BYTES_PER_SECOND) {
      throw new IOException("only %d bytes in %d s".formatted(received, nanos / 1_000_000_000));
    }
  }
}
