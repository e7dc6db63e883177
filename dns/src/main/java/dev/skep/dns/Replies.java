package dev.skep.dns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DnsRecordEncoder;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Answers of our own: each datagram fits into the 512 bytes that every client takes. Pure. */
final class Replies {
  /** Seconds for which names may be remembered, whether they are there or not: as Kubernetes. */
  static final int TTL = 5;

  /** Without header and extensions: what every client takes. The question is in it too. */
  private static final int ROOM = 512 - 29;

  /** Of an answer with an address, beside the name that it repeats. */
  private static final int ADDRESS = 16;

  /** Of an answer with a port, beside the two names in it; each has a byte more than its text. */
  private static final int TARGET = 18;

  /** What fits into a message over TCP. */
  private static final int STREAM_ROOM = 65_535 - 29;

  private static final int RESPONSE = 0x8000;
  private static final int TRUNCATED = 0x0200;
  private static final int AUTHORITATIVE = 0x0400;
  private static final int RECURSION_AVAILABLE = 0x0080;

  /** Of the query's flags, its kind and whether it wants recursion come back. */
  private static final int ECHOED = 0x7900;

  /** The weight of each of several targets. */
  private static final int ALL_ALIKE = 1;

  /** What any path carries (DNS flag day 2020). */
  private static final int UDP_SIZE = 1232;

  private static final DefaultDnsRawRecord START_OF_AUTHORITY =
      new DefaultDnsRawRecord(ClusterZone.DOMAIN, DnsRecordType.SOA, TTL, startOfAuthority());

  /** Where a port of a Service leads to. */
  record Target(String host, int port) {}

  private Replies() {}

  /** As many of the addresses under the name as there is room for. */
  static byte[] addresses(Query query, List<byte[]> ipv4) {
    int name = query.name().length();
    List<DefaultDnsRawRecord> answers =
        ipv4.stream()
            .limit((ROOM - name) / (name + ADDRESS))
            .map(
                address ->
                    new DefaultDnsRawRecord(
                        query.name(),
                        DnsRecordType.A,
                        TTL,
                        Unpooled.wrappedBuffer(address.clone())))
            .toList();
    return message(query, AUTHORITATIVE, DnsResponseCode.NOERROR, answers, List.of());
  }

  /** SRV records (RFC 2782), all alike; where not all fit the client is told so. */
  static byte[] targets(Query query, List<Target> targets, boolean stream) {
    int name = query.name().length();
    int room = (stream ? STREAM_ROOM : ROOM) - name;
    int longest = targets.stream().mapToInt(target -> target.host().length()).max().orElse(0);
    int most = room / (name + longest + TARGET + 2);
    List<DefaultDnsRawRecord> answers =
        targets.stream()
            .limit(most)
            .map(
                target ->
                    new DefaultDnsRawRecord(query.name(), DnsRecordType.SRV, TTL, data(target)))
            .toList();
    int cut = targets.size() > most ? TRUNCATED : 0;
    return message(query, AUTHORITATIVE | cut, DnsResponseCode.NOERROR, answers, List.of());
  }

  private static ByteBuf data(Target target) {
    ByteBuf data = Unpooled.buffer();
    data.writeShort(0).writeShort(ALL_ALIKE).writeShort(target.port());
    name(data, target.host().split("\\.", -1));
    return data;
  }

  /** NOERROR: the name is there, what was asked for is not. NXDOMAIN: there is no such name. */
  static byte[] nothing(Query query, DnsResponseCode code) {
    return message(query, AUTHORITATIVE, code, List.of(), List.of(START_OF_AUTHORITY));
  }

  static byte[] failure(Query query, DnsResponseCode code) {
    return message(query, 0, code, List.of(), List.of());
  }

  private static byte[] message(
      Query query,
      int flags,
      DnsResponseCode code,
      List<DefaultDnsRawRecord> answers,
      List<DefaultDnsRawRecord> authorities) {
    ByteBuf question = query.question();
    ByteBuf out = Unpooled.buffer();
    out.writeShort(query.id());
    out.writeShort(
        RESPONSE | RECURSION_AVAILABLE | flags | (query.flags() & ECHOED) | code.intValue());
    out.writeShort(question.isReadable() ? 1 : 0);
    out.writeShort(answers.size());
    out.writeShort(authorities.size());
    out.writeShort(query.extended() ? 1 : 0);
    out.writeBytes(question);
    answers.forEach(answer -> write(answer, out));
    authorities.forEach(authority -> write(authority, out));
    if (query.extended()) {
      write(
          new DefaultDnsRawRecord(".", DnsRecordType.OPT, UDP_SIZE, 0, Unpooled.EMPTY_BUFFER), out);
    }
    return ByteBufUtil.getBytes(out);
  }

  private static void write(DefaultDnsRawRecord record, ByteBuf out) {
    try {
      DnsRecordEncoder.DEFAULT.encodeRecord(record.duplicate(), out);
    } catch (Exception e) {
      throw new IllegalStateException(record + ": cannot be written", e);
    }
  }

  private static ByteBuf startOfAuthority() {
    ByteBuf data = Unpooled.buffer();
    name(data, "ns", "dns", "cluster", "local");
    name(data, "hostmaster", "cluster", "local");
    data.writeInt(1).writeInt(7200).writeInt(1800).writeInt(86400).writeInt(TTL);
    return data;
  }

  private static void name(ByteBuf out, String... labels) {
    for (String label : labels) {
      out.writeByte(label.length());
      out.writeCharSequence(label, StandardCharsets.US_ASCII);
    }
    out.writeByte(0);
  }
}
