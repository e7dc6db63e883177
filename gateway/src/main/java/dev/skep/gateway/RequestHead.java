package dev.skep.gateway;

import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpScheme;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request, of either protocol. Owned by its exchange.
 *
 * @param path with query; starts with a slash or is {@code *}
 * @param authority host and port as the client wrote them
 * @param fields may be changed
 * @param upgrade the protocol that an HTTP/1.1 client asks to switch to; h2c is never among them
 */
record RequestHead(
    HttpMethod method,
    CharSequence path,
    CharSequence authority,
    Fields fields,
    @Nullable CharSequence upgrade) {

  RequestHead withUpgrade(@Nullable CharSequence protocol) {
    return new RequestHead(method, path, authority, fields, protocol);
  }

  boolean isGrpc() {
    CharSequence type = fields.get(HttpHeaderNames.CONTENT_TYPE);
    return type != null && AsciiString.of(type).startsWith("application/grpc");
  }

  /** Whether doing it twice is as good as once (RFC 9110 9.2.2). */
  boolean isIdempotent() {
    return method.equals(HttpMethod.GET)
        || method.equals(HttpMethod.HEAD)
        || method.equals(HttpMethod.OPTIONS)
        || method.equals(HttpMethod.PUT)
        || method.equals(HttpMethod.DELETE);
  }

  HttpRequest http1() {
    HttpHeaders headers = fields.http1();
    if (fields instanceof Http2Fields) {
      headers.set(HttpHeaderNames.HOST, authority);
    }
    if (upgrade != null) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderNames.UPGRADE);
      headers.set(HttpHeaderNames.UPGRADE, upgrade);
    }
    return new DefaultHttpRequest(HttpVersion.HTTP_1_1, method, path.toString(), headers);
  }

  Http2Headers http2() {
    Http2Headers headers = fields.http2();
    return headers
        .method(method.asciiName())
        .path(path)
        .authority(authority)
        .scheme(HttpScheme.HTTP.name());
  }
}
