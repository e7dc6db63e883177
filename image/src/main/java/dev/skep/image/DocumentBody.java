package dev.skep.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;

/** A small body, kept whole. */
final class DocumentBody implements Transport.Body {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  byte[] bytes() {
    return bytes.toByteArray();
  }

  @Override
  public boolean begin(int status, HttpHeaders headers) {
    bytes.reset();
    return status == 200;
  }

  @Override
  public void accept(ByteBuffer buffer) throws IOException {
    if (bytes.size() + buffer.remaining() > ContentFiles.MAX_DOCUMENT) {
      throw new IOException("a document of more than " + ContentFiles.MAX_DOCUMENT + " bytes");
    }
    byte[] chunk = new byte[buffer.remaining()];
    buffer.get(chunk);
    bytes.write(chunk);
  }
}
