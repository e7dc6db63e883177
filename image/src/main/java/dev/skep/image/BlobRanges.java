package dev.skep.image;

import dev.skep.api.SkepException;
import java.io.IOException;
import java.util.Map;

/** Parts of one blob of a registry. Thread-safe. */
final class BlobRanges {
  private final RegistryAccess access;
  private final Digest blob;
  private final Pause pause;
  private final int retries;
  private volatile boolean rangesIgnored;

  BlobRanges(RegistryAccess access, Digest blob, Pause pause, int retries) {
    this.access = access;
    this.blob = blob;
    this.pause = pause;
    this.retries = retries;
  }

  /** Whether an answer was the whole blob where a part was asked for: right, but slow. */
  boolean rangesIgnored() {
    return rangesIgnored;
  }

  /**
   * The bytes from the offset on, not verified.
   *
   * @throws SkepException UNAVAILABLE when no try succeeds; what the registry says otherwise
   */
  byte[] read(long offset, int bytes) {
    String what = "bytes %d-%d of layer %s".formatted(offset, offset + bytes - 1, blob);
    return new Retry(pause, retries).run("fetching " + what, () -> once(offset, bytes, what));
  }

  private byte[] once(long offset, int bytes, String what) throws IOException {
    RangeBody body = new RangeBody(offset, bytes);
    try {
      Transport.Answer answer = access.get("blobs/" + blob, Map.of("Range", body.header()), body);
      if (answer.status() != 206) {
        RegistryErrors.check(answer, what, access);
      }
    } catch (IOException e) {
      if (!body.isComplete()) {
        throw e;
      }
    }
    rangesIgnored |= body.isOfWhole();
    if (!body.isComplete()) {
      throw new IOException("the connection ended early");
    }
    return body.bytes();
  }
}
