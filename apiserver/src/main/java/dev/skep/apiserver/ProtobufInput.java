package dev.skep.apiserver;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The wire format of protobuf, field by field. */
final class ProtobufInput {
  /**
   * One field as it is on the wire.
   *
   * @param number of the field
   * @param value of a number
   * @param bytes of a text, a message or bytes; empty for a number
   */
  record WireField(int number, long value, ByteBuffer bytes) {
    String text() {
      return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }

    byte[] array() {
      byte[] array = new byte[bytes.remaining()];
      bytes.duplicate().get(array);
      return array;
    }
  }

  private static final ByteBuffer NONE = ByteBuffer.allocate(0);

  private final ByteBuffer in;

  ProtobufInput(ByteBuffer in) {
    this.in = in.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  boolean hasNext() {
    return in.hasRemaining();
  }

  /** Fails with INVALID on bytes that are no field. */
  WireField next() {
    long tag = varint();
    int number = (int) (tag >>> 3);
    return switch ((int) (tag & 7)) {
      case 0 -> new WireField(number, varint(), NONE);
      case 1 -> new WireField(number, need(8).getLong(), NONE);
      case 2 -> {
        long length = varint();
        if (length < 0 || length > in.remaining()) {
          throw malformed("a length of %d with %d bytes left".formatted(length, in.remaining()));
        }
        ByteBuffer bytes = in.slice(in.position(), (int) length);
        in.position(in.position() + (int) length);
        yield new WireField(number, 0, bytes);
      }
      case 5 -> new WireField(number, need(4).getInt(), NONE);
      default -> throw malformed("wire type %d".formatted(tag & 7));
    };
  }

  private ByteBuffer need(int bytes) {
    if (in.remaining() < bytes) {
      throw malformed("it ends within a field");
    }
    return in;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = need(1).get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw malformed("a number of more than ten bytes");
  }

  static SkepException malformed(String what) {
    return new SkepException(Code.INVALID, "body is no protobuf message: " + what);
  }
}
