package dev.skep.gateway;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.util.Iterator;

/**
 * What an HTTP/1.x request asks for, checked: which host, which path, and whether it can be told
 * where its body ends. Requests that two servers could read differently are refused.
 */
sealed interface HttpTarget {
  /**
   * A request that may be passed on.
   *
   * @param bodyless it ends with its head
   */
  record Good(RequestHead head, boolean bodyless) implements HttpTarget {}

  /** A request to refuse; its connection can't be used again. */
  record Bad(Reply reply) implements HttpTarget {}

  static HttpTarget of(HttpRequest request) {
    if (request.decoderResult().isFailure()) {
      return malformed(request.decoderResult().cause());
    }
    HttpHeaders headers = request.headers();
    Iterator<? extends CharSequence> hosts =
        headers.valueCharSequenceIterator(HttpHeaderNames.HOST);
    CharSequence host = hosts.hasNext() ? hosts.next() : "";
    if (hosts.hasNext()) {
      return bad("more than one Host field");
    }
    if (request.protocolVersion().majorVersion() != 1) {
      return new Bad(
          Reply.of(
              HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED,
              "BadRequest",
              "found " + request.protocolVersion() + ", expected HTTP/1.1 or HTTP/2"));
    }
    String coding = headers.get(HttpHeaderNames.TRANSFER_ENCODING);
    if (coding != null && !HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(coding)) {
      return new Bad(
          Reply.of(
              HttpResponseStatus.NOT_IMPLEMENTED,
              "BadRequest",
              "found the transfer coding '" + coding + "', expected chunked"));
    }
    return target(request, host);
  }

  private static HttpTarget target(HttpRequest request, CharSequence host) {
    String uri = request.uri();
    if (uri.startsWith("/") || (uri.equals("*") && request.method().equals(HttpMethod.OPTIONS))) {
      return host.isEmpty()
          ? bad("no Host field: it tells which function is meant")
          : good(request, uri, host);
    }
    if (uri.regionMatches(true, 0, "http://", 0, 7)) {
      // RFC 9112 3.2.2: an absolute target wins over the Host field.
      int path = uri.indexOf('/', 7);
      int query = uri.indexOf('?', 7);
      int end = path >= 0 && (query < 0 || path < query) ? path : query;
      String authority = end < 0 ? uri.substring(7) : uri.substring(7, end);
      String rest = end < 0 ? "/" : uri.substring(end);
      request.headers().set(HttpHeaderNames.HOST, authority);
      return good(request, rest.startsWith("/") ? rest : "/" + rest, authority);
    }
    if (request.method().equals(HttpMethod.CONNECT)) {
      return new Bad(
          Reply.of(
              HttpResponseStatus.METHOD_NOT_ALLOWED,
              "BadRequest",
              "CONNECT is not supported here"));
    }
    return bad("found the target '" + uri + "', expected a path or an http:// URL");
  }

  private static HttpTarget good(HttpRequest request, String path, CharSequence authority) {
    boolean bodyless =
        !HttpUtil.isTransferEncodingChunked(request) && HttpUtil.getContentLength(request, 0L) == 0;
    RequestHead head =
        new RequestHead(
            request.method(), path, authority, new Http1Fields(request.headers()), null);
    return new Good(head, bodyless);
  }

  private static HttpTarget malformed(Throwable cause) {
    if (cause instanceof TooLongHttpLineException) {
      return new Bad(
          Reply.of(
              HttpResponseStatus.REQUEST_URI_TOO_LONG,
              "BadRequest",
              "the request line is too long"));
    }
    if (cause instanceof TooLongHttpHeaderException) {
      return new Bad(
          Reply.of(
              HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
              "BadRequest",
              "the request's header fields are too large"));
    }
    return bad("malformed request: " + cause.getMessage());
  }

  private static HttpTarget bad(String message) {
    return new Bad(Reply.badRequest(message));
  }
}
