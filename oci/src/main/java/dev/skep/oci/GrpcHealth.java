package dev.skep.oci;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * One call of {@code grpc.health.v1.Health/Check} over a fresh HTTP/2 connection, as bytes. Names
 * of services are at most 100 characters.
 */
final class GrpcHealth {
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RESET = 3;
  private static final int SETTINGS = 4;
  private static final int GOAWAY = 7;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int PADDED = 8;
  private static final int FRAME_HEADER = 9;
  private static final int MESSAGE_PREFIX = 5;
  private static final int SERVING = 1;
  private static final String[] STATUS = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};

  private GrpcHealth() {}

  static byte[] request(String authority, String service) {
    var headers = new ByteArrayOutputStream();
    headers.write(0x83); // HPACK's static table: POST
    headers.write(0x86); // http
    header(headers, ":path", "/grpc.health.v1.Health/Check");
    header(headers, ":authority", authority);
    header(headers, "content-type", "application/grpc");
    header(headers, "te", "trailers");
    var message = new ByteArrayOutputStream();
    if (!service.isEmpty()) {
      message.write(0x0a); // protobuf: field 1, bytes
      text(message, service);
    }
    var body = new ByteArrayOutputStream();
    body.writeBytes(new byte[] {0, 0, 0, 0, (byte) message.size()});
    body.writeBytes(message.toByteArray());

    var all = new ByteArrayOutputStream();
    all.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    frame(all, SETTINGS, 0, 0, new byte[0]);
    frame(all, HEADERS, END_HEADERS, 1, headers.toByteArray());
    frame(all, DATA, END_STREAM, 1, body.toByteArray());
    return all.toByteArray();
  }

  static Answer judge(byte[] answer, boolean ended) {
    ByteBuffer at = ByteBuffer.wrap(answer);
    var message = new ByteArrayOutputStream();
    while (at.remaining() >= FRAME_HEADER) {
      int head = at.getInt(at.position());
      int length = head >>> 8;
      int type = head & 0xff;
      int flags = at.get(at.position() + 4);
      if (at.remaining() - FRAME_HEADER < length) {
        break;
      }
      ByteBuffer payload = at.slice(at.position() + FRAME_HEADER, length);
      at.position(at.position() + FRAME_HEADER + length);
      if (type == DATA) {
        int padding = (flags & PADDED) != 0 && length > 0 ? 1 : 0;
        message.write(payload.array(), payload.arrayOffset() + padding, length - padding);
        Answer soFar = judgeMessage(message.toByteArray());
        if (!(soFar instanceof Answer.More)) {
          return soFar;
        }
      }
      boolean over = type == HEADERS && (flags & END_STREAM) != 0;
      if (type == RESET || type == GOAWAY || over) {
        return new Answer.No(
            "no health status in the answer (expected: the service grpc.health.v1.Health)");
      }
    }
    return ended
        ? new Answer.No("connection closed before an answer (expected: HTTP/2)")
        : new Answer.More();
  }

  /** {@code HealthCheckResponse{status}} behind gRPC's prefix; it may come in pieces. */
  private static Answer judgeMessage(byte[] data) {
    if (data.length < MESSAGE_PREFIX || data.length < MESSAGE_PREFIX + data[4]) {
      return new Answer.More();
    }
    int status = data.length >= 7 && data[0] == 0 && data[5] == 8 ? data[6] : 0;
    String name = status >= 0 && status < STATUS.length ? STATUS[status] : "unknown";
    return status == SERVING
        ? new Answer.Yes()
        : new Answer.No("health status " + name + " (expected: SERVING)");
  }

  private static void frame(
      ByteArrayOutputStream out, int type, int flags, int stream, byte[] payload) {
    int length = payload.length;
    out.write(length >> 16);
    out.write(length >> 8);
    out.write(length);
    out.write(type);
    out.write(flags);
    out.writeBytes(new byte[] {0, 0, 0, (byte) stream});
    out.writeBytes(payload);
  }

  /** HPACK: a literal without indexing, its name spelled out. */
  private static void header(ByteArrayOutputStream out, String name, String value) {
    out.write(0);
    text(out, name);
    text(out, value);
  }

  /** All below 127 bytes: one byte of length in HPACK and protobuf alike. */
  private static void text(ByteArrayOutputStream out, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.write(bytes.length);
    out.writeBytes(bytes);
  }
}
