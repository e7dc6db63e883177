package dev.skep.image;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** A tar of many small files that is never anywhere as a whole. */
final class SyntheticTar extends InputStream {
  private static final int FILES_PER_FOLDER = 1000;

  private final int files;
  private final int contentBytes;
  private byte[] current = new byte[0];
  private int at;
  private int next;
  private boolean ended;

  SyntheticTar(int files, int contentBytes) {
    this.files = files;
    this.contentBytes = contentBytes;
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) {
    if (at == current.length && !advance()) {
      return -1;
    }
    int n = Math.min(length, current.length - at);
    System.arraycopy(current, at, bytes, offset, n);
    at += n;
    return n;
  }

  private boolean advance() {
    at = 0;
    if (next < files) {
      String path = "folder-" + next / FILES_PER_FOLDER + "/a-file-with-a-usual-name-" + next;
      byte[] name = path.getBytes(StandardCharsets.UTF_8);
      byte[] header = Tars.header('0', name, new byte[0], contentBytes, 0644);
      current = new byte[512 + (contentBytes + 511) / 512 * 512];
      System.arraycopy(header, 0, current, 0, 512);
      next++;
      return true;
    }
    current = new byte[1024];
    boolean first = !ended;
    ended = true;
    return first;
  }
}
