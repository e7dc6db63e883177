package dev.skep.cli;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * One HTTP request, its body in memory.
 *
 * @param target path and query
 * @param headers besides Host and Content-Length
 */
@SuppressWarnings("ArrayRecordComponent") // a body is bytes; nobody compares requests
record HttpRequest(
    String method, String host, String target, Map<String, String> headers, byte[] body) {
  static HttpRequest of(String method, String host, String target) {
    return new HttpRequest(method, host, target, Map.of(), new byte[0]);
  }

  HttpRequest withBody(String contentType, byte[] body) {
    return new HttpRequest(method, host, target, Map.of("Content-Type", contentType), body);
  }

  HttpRequest accepting(String types) {
    return new HttpRequest(method, host, target, Map.of("Accept", types), body);
  }

  /** Of a request whose body does not have to be in memory. */
  HttpRequest withContentType(String contentType) {
    return withBody(contentType, body);
  }

  byte[] head() {
    return head(body.length);
  }

  byte[] head(long bodyBytes) {
    var head = new StringBuilder(256);
    head.append(method).append(' ').append(target).append(" HTTP/1.1\r\n");
    header(head, "Host", host);
    headers.forEach((name, value) -> header(head, name, value));
    if (bodyBytes > 0 || !(method.equals("GET") || method.equals("HEAD"))) {
      header(head, "Content-Length", Long.toString(bodyBytes));
    }
    return head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void header(StringBuilder head, String name, String value) {
    if (name.indexOf('\n') >= 0 || value.indexOf('\n') >= 0 || value.indexOf('\r') >= 0) {
      throw new IllegalArgumentException("header " + name + ": has a line break");
    }
    head.append(name).append(": ").append(value).append("\r\n");
  }
}
