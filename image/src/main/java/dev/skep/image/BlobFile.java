package dev.skep.image;

import java.io.Closeable;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.function.LongConsumer;

/** A blob that is being fetched: a file that grows, and the digest of what it has. */
final class BlobFile implements Transport.Body, Closeable {
  private final FileChannel channel;
  private final Descriptor blob;
  private final LongConsumer meter;
  private final MessageDigest sum = Digest.sha256();
  private long length;

  private BlobFile(FileChannel channel, Descriptor blob, LongConsumer meter) {
    this.channel = channel;
    this.blob = blob;
    this.meter = meter;
  }

  /**
   * Opens the file and takes up what an earlier try left in it.
   *
   * @param meter told of bytes that come in, and of those given up as negative
   */
  static BlobFile open(Path file, Descriptor blob, LongConsumer meter) throws IOException {
    BlobFile opened =
        new BlobFile(
            FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
            blob,
            meter);
    opened.sumWhatIsThere();
    return opened;
  }

  private void sumWhatIsThere() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    while (channel.read(buffer) >= 0) {
      buffer.flip();
      length += buffer.remaining();
      sum.update(buffer);
      buffer.clear();
    }
    meter.accept(length);
  }

  long length() {
    return length;
  }

  Digest digest() {
    return Digest.of(sum);
  }

  void restart() throws IOException {
    channel.truncate(0);
    channel.position(0);
    sum.reset();
    meter.accept(-length);
    length = 0;
  }

  @Override
  public boolean begin(int status, HttpHeaders headers) throws IOException {
    if (status == 206) {
      String range = headers.firstValue("Content-Range").orElse("");
      if (!range.startsWith("bytes " + length + "-")) {
        throw new IOException(
            "asked for bytes from %d, got %s".formatted(length, Printable.of(range)));
      }
      return true;
    }
    if (status == 200 && length > 0) {
      // The registry does not know ranges.
      restart();
    }
    return status == 200;
  }

  @Override
  public void accept(ByteBuffer bytes) throws IOException {
    if (blob.size() >= 0 && length + bytes.remaining() > blob.size()) {
      throw Invalid.image(
          "the registry sends more than the %d bytes that the manifest says"
              .formatted(blob.size()));
    }
    int count = bytes.remaining();
    sum.update(bytes.duplicate());
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    length += count;
    meter.accept(count);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
