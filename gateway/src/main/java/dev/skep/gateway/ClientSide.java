package dev.skep.gateway;

import io.netty.buffer.ByteBuf;

/**
 * The client's end of an exchange: writes the response, reads the request. All calls come from the
 * event loop of the exchange.
 */
interface ClientSide {
  /** Where the client is, for forwarding fields and for routing. */
  ClientOrigin origin();

  /** Writes a 1xx response; the real one follows. */
  void inform(ResponseHead head);

  /**
   * Writes the head of the response.
   *
   * @param last there is no body
   */
  void respond(ResponseHead head, boolean last);

  /** Writes body bytes, whose ownership passes. */
  void data(ByteBuf data, boolean last);

  /** Ends the body with trailers. */
  void trailers(Fields trailers);

  /** The response comes before the end of the request's body, whose rest nobody reads. */
  void unread();

  /** Writes the 101 response; bytes go through untouched from here on. */
  void tunnel(ResponseHead head);

  void flush();

  /** Whether more body bytes should be written now. */
  boolean writable();

  /** Whether the request's body should be read. */
  void reading(boolean on);

  /**
   * Breaks off a response that has begun, so that the client sees that it is incomplete.
   *
   * @param lastWords with which the body ends where its framing allows that, as Knative ends one
   *     whose time is up; empty for none
   */
  void abort(String lastWords);
}
