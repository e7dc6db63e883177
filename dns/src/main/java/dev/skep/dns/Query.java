package dev.skep.dns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsOpCode;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * A message that asks (RFC 1035, section 4.1). Its bytes are kept: what is passed on goes as it
 * came, with whatever extensions client and resolver agree on.
 */
final class Query {
  static final int HEADER = 12;
  private static final int RESPONSE = 0x8000;
  private static final int OPCODE_SHIFT = 11;
  private static final int OPCODE_MASK = 0xf;

  private final byte[] bytes;
  private DnsResponseCode problem = DnsResponseCode.NOERROR;
  private int questionEnd = HEADER;
  private String name = "";
  private int type;
  private boolean extended;

  private Query(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Empty for what nobody may answer: responses, and what is shorter than a header. */
  static Optional<Query> read(byte[] bytes) {
    if (bytes.length < HEADER) {
      return Optional.empty();
    }
    var query = new Query(bytes);
    if ((query.flags() & RESPONSE) != 0) {
      return Optional.empty();
    }
    try {
      query.parse(Unpooled.wrappedBuffer(bytes));
    } catch (IndexOutOfBoundsException | DecoderException e) {
      query.problem = DnsResponseCode.FORMERR;
    }
    return Optional.of(query);
  }

  private void parse(ByteBuf in) {
    if (((flags() >> OPCODE_SHIFT) & OPCODE_MASK) != DnsOpCode.QUERY.byteValue()) {
      problem = DnsResponseCode.NOTIMP;
      return;
    }
    in.skipBytes(4);
    if (in.readUnsignedShort() != 1) {
      problem = DnsResponseCode.FORMERR;
      return;
    }
    int others = in.readUnsignedShort() + in.readUnsignedShort() + in.readUnsignedShort();
    String asked = DefaultDnsRecordDecoder.decodeName(in);
    type = in.readUnsignedShort();
    if (in.readUnsignedShort() != DnsRecord.CLASS_IN) {
      problem = DnsResponseCode.REFUSED;
    }
    questionEnd = in.readerIndex();
    name = asked.substring(0, asked.length() - 1).toLowerCase(Locale.ROOT);
    for (int i = 0; i < others; i++) {
      DefaultDnsRecordDecoder.decodeName(in);
      extended |= in.readUnsignedShort() == DnsRecordType.OPT.intValue();
      in.skipBytes(6);
      in.skipBytes(in.readUnsignedShort());
    }
  }

  /** Why it can't be answered; NOERROR where it can. */
  DnsResponseCode problem() {
    return problem;
  }

  int id() {
    return ((bytes[0] & 0xff) << 8) | (bytes[1] & 0xff);
  }

  int flags() {
    return ((bytes[2] & 0xff) << 8) | (bytes[3] & 0xff);
  }

  /** Lower case, without the dot at its end; empty for the root. */
  String name() {
    return name;
  }

  /** As in {@link DnsRecordType#intValue}. */
  int type() {
    return type;
  }

  /** Whether the client speaks EDNS (RFC 6891), and so has to be answered in it. */
  boolean extended() {
    return extended;
  }

  /** The question as it was written; nothing where none could be read. */
  ByteBuf question() {
    return Unpooled.wrappedBuffer(bytes, HEADER, questionEnd - HEADER);
  }

  /** The whole message under another id. */
  byte[] withId(int id) {
    return withId(bytes, id);
  }

  static byte[] withId(byte[] message, int id) {
    byte[] copy = Arrays.copyOf(message, message.length);
    copy[0] = (byte) (id >> 8);
    copy[1] = (byte) id;
    return copy;
  }
}
