package dev.skep.gateway;

import io.netty.buffer.ByteBuf;

/**
 * The instance's end of an exchange: writes the request, reads the response. All calls come from
 * the event loop of the exchange.
 */
interface InstanceSide {
  /** Whether the connection served a request before: the instance may be closing it. */
  boolean reused();

  /**
   * Writes the head of the request.
   *
   * @param last there is no body
   */
  void request(RequestHead head, boolean last);

  /** Writes body bytes, whose ownership passes. */
  void data(ByteBuf data, boolean last);

  /** Ends the body with trailers. */
  void trailers(Fields trailers);

  void flush();

  /** Whether more body bytes should be written now. */
  boolean writable();

  /** Whether the response should be read. */
  void reading(boolean on);

  /** Tells the instance that nobody waits any more, without hiding from us when it is done. */
  void leave();

  /** Breaks the request off; nothing is heard from this side afterwards. */
  void abort();
}
