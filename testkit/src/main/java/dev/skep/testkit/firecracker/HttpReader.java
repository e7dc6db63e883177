package dev.skep.testkit.firecracker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Takes requests off one connection, a kilobyte at a time, as Firecracker's server does. */
final class HttpReader {
  private static final int BUFFER_BYTES = 1024;
  private static final int MAX_BODY_BYTES = 51_200;
  private static final List<String> METHODS = List.of("GET", "PUT", "PATCH", "DELETE");

  /**
   * @param path without its first slash
   */
  record Request(String method, String path, Optional<String> body) {}

  /** What is no request: answered as such, and the connection can be used on. */
  static final class BadRequest extends Exception {
    private static final long serialVersionUID = 1;

    BadRequest(String message) {
      super(message);
    }
  }

  private static final class Closed extends IOException {
    private static final long serialVersionUID = 1;
  }

  private final InputStream in;
  private final OutputStream out;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int at;
  private int end;

  HttpReader(InputStream in, OutputStream out) {
    this.in = in;
    this.out = out;
  }

  /** The next one; empty where the client has closed. */
  Optional<Request> next() throws IOException, BadRequest {
    try {
      return Optional.of(request());
    } catch (Closed e) {
      return Optional.empty();
    } catch (BadRequest e) {
      at = end; // what came with it is dropped
      throw e;
    }
  }

  private Request request() throws IOException, BadRequest {
    String[] words = line().split(" ", -1);
    if (words.length != 3 || !words[2].matches("HTTP/1\\.[01]")) {
      throw new BadRequest("Invalid request.");
    }
    if (!METHODS.contains(words[0])) {
      throw new BadRequest("Invalid HTTP Method: Unsupported HTTP method.");
    }
    String path = words[1].replaceFirst("^http://[^/]*", "").replaceFirst("^/", "");
    return new Request(words[0], path, body());
  }

  private Optional<String> body() throws IOException, BadRequest {
    int length = 0;
    boolean announced = false;
    for (String header = line(); !header.isEmpty(); header = line()) {
      int colon = header.indexOf(':');
      if (colon < 0) {
        throw new BadRequest("Invalid header. Reason: Invalid header: " + header);
      }
      String name = header.substring(0, colon).toLowerCase(Locale.ROOT);
      String value = header.substring(colon + 1).strip();
      switch (name) {
        case "content-length" -> length = length(value);
        case "transfer-encoding" -> throw new BadRequest("Invalid request.");
        case "expect" -> announced = value.equals("100-continue");
        default -> {} // whatever it is
      }
    }
    if (announced) {
      out.write(Reply.goOn().bytes());
    }
    return length == 0 ? Optional.empty() : Optional.of(bytes(length));
  }

  private static int length(String value) throws BadRequest {
    if (!value.matches("\\d{1,9}")) {
      throw new BadRequest("Invalid request.");
    }
    int length = Integer.parseInt(value);
    if (length > MAX_BODY_BYTES) {
      throw new BadRequest(
          "Request payload with size "
              + length
              + " is larger than the limit of "
              + MAX_BODY_BYTES
              + " allowed by server.");
    }
    return length;
  }

  private String line() throws IOException, BadRequest {
    var line = new ByteArrayOutputStream();
    while (true) {
      int next = read();
      if (next == '\n') {
        byte[] bytes = line.toByteArray();
        boolean whole = bytes.length > 0 && bytes[bytes.length - 1] == '\r';
        if (!whole) {
          throw new BadRequest("Invalid request.");
        }
        return new String(Arrays.copyOf(bytes, bytes.length - 1), StandardCharsets.UTF_8);
      }
      line.write(next);
      if (line.size() > BUFFER_BYTES) {
        throw new BadRequest("Invalid header. Reason: Invalid header: " + line);
      }
    }
  }

  private String bytes(int length) throws IOException {
    var bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) read();
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private int read() throws IOException {
    if (at == end) {
      end = in.read(buffer);
      at = 0;
      if (end <= 0) {
        end = 0;
        throw new Closed();
      }
    }
    return buffer[at++] & 0xff;
  }
}
