package dev.skep.dns;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.dns.DnsResponseCode;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Asks the host's resolvers, one after the other, each query from a port of its own and under an id
 * of its own (RFC 5452). It belongs to one event loop.
 */
final class Forwarder {
  /** How many are asked, as libc does; all of them within the 5 s for which clients wait. */
  private static final int MOST_RESOLVERS = 3;

  private static final int PATIENCE_MILLIS = 1500;
  private static final int MOST_QUERIES = 512;
  private static final int IDS = 1 << 16;

  private final SecureRandom random = new SecureRandom();
  private final EventLoop loop;
  private final Supplier<List<InetSocketAddress>> resolvers;
  private int inFlight;

  Forwarder(EventLoop loop, Supplier<List<InetSocketAddress>> resolvers) {
    this.loop = loop;
    this.resolvers = resolvers;
  }

  /**
   * @param reply is called once, on the event loop: with SERVFAIL where nobody answers in time
   */
  void ask(Query query, boolean stream, Consumer<byte[]> reply) {
    if (inFlight == MOST_QUERIES) {
      reply.accept(Replies.failure(query, DnsResponseCode.SERVFAIL));
      return;
    }
    inFlight++;
    List<InetSocketAddress> order = resolvers.get().stream().limit(MOST_RESOLVERS).toList();
    ask(
        query,
        stream,
        order,
        answer -> {
          inFlight--;
          reply.accept(answer);
        });
  }

  private void ask(
      Query query, boolean stream, List<InetSocketAddress> order, Consumer<byte[]> reply) {
    if (order.isEmpty()) {
      reply.accept(Replies.failure(query, DnsResponseCode.SERVFAIL));
      return;
    }
    List<InetSocketAddress> others = order.subList(1, order.size());
    var inquiry =
        new Inquiry(
            query.withId(random.nextInt(IDS)),
            answer -> {
              if (answer.isEmpty() || (failed(answer.get()) && !others.isEmpty())) {
                ask(query, stream, others, reply);
              } else {
                reply.accept(Query.withId(answer.get(), query.id()));
              }
            });
    inquiry.start(loop, order.getFirst(), stream, PATIENCE_MILLIS);
  }

  /** The next one may do better. */
  private static boolean failed(byte[] answer) {
    int code = answer[3] & 0xf;
    return code == DnsResponseCode.SERVFAIL.intValue()
        || code == DnsResponseCode.NOTIMP.intValue()
        || code == DnsResponseCode.REFUSED.intValue();
  }
}
