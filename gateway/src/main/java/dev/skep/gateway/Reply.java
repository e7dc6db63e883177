package dev.skep.gateway;

import dev.skep.api.RevisionKey;
import dev.skep.sandbox.StartFailure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * An answer of the gateway itself: what was found and what to do, as text, as JSON for who accepts
 * JSON, and as a gRPC status for gRPC clients.
 *
 * @param reason one word for programs
 * @param lastOutput of a function that did not start; oldest first
 * @param location where the client is sent; empty for nowhere
 */
record Reply(
    HttpResponseStatus status,
    String reason,
    String message,
    List<String> lastOutput,
    String location) {
  private static final JsonMapper JSON = new JsonMapper();
  private static final AsciiString GRPC_STATUS = AsciiString.cached("grpc-status");
  private static final AsciiString GRPC_MESSAGE = AsciiString.cached("grpc-message");

  static Reply of(HttpResponseStatus status, String reason, String message) {
    return new Reply(status, reason, message, List.of(), "");
  }

  static Reply badRequest(String message) {
    return of(HttpResponseStatus.BAD_REQUEST, "BadRequest", message);
  }

  static Reply noRoute(String host) {
    return of(
        HttpResponseStatus.NOT_FOUND,
        "NoRoute",
        "no function answers for host '"
            + host
            + "': expected NAME.NAMESPACE.DOMAIN of a deployed service; 'skep ls' lists them with"
            + " their URLs");
  }

  static Reply noRevision(RevisionKey key) {
    return of(
        HttpResponseStatus.NOT_FOUND,
        "NoRevision",
        "revision " + key + " of this host's route does not exist (any more)");
  }

  static Reply queueFull(RevisionKey key, int depth) {
    return of(
        HttpResponseStatus.SERVICE_UNAVAILABLE,
        "QueueFull",
        "pending request queue full: " + depth + " requests already wait for " + key);
  }

  static Reply timeout(RevisionKey key, Duration limit, String what) {
    return of(
        HttpResponseStatus.GATEWAY_TIMEOUT,
        "Timeout",
        "request timeout: " + what + " of " + key + " within " + limit.toMillis() + " ms");
  }

  static Reply instanceFailed(RevisionKey key, String instance, String cause) {
    return of(
        HttpResponseStatus.BAD_GATEWAY,
        "InstanceFailed",
        "instance " + instance + " of " + key + " broke off before it answered: " + cause);
  }

  static Reply shuttingDown() {
    return of(
        HttpResponseStatus.SERVICE_UNAVAILABLE, "ShuttingDown", "the gateway is shutting down");
  }

  static Reply startFailed(RevisionKey key, StartFailure failure) {
    String exit =
        failure.exitCode().isPresent() ? " (exit code " + failure.exitCode().getAsInt() + ")" : "";
    return new Reply(
        HttpResponseStatus.SERVICE_UNAVAILABLE,
        failure.reason().name(),
        "revision " + key + " does not start: " + failure.message() + exit,
        failure.lastOutput(),
        "");
  }

  /** 301, as Knative's own gateways answer. */
  static Reply redirect(String url) {
    return new Reply(
        HttpResponseStatus.MOVED_PERMANENTLY,
        "Redirected",
        "this host name takes requests over TLS only: " + url,
        List.of(),
        url);
  }

  /** Writes it as the whole response. */
  void writeTo(ClientSide client, @Nullable RequestHead request) {
    if (request != null && request.isGrpc()) {
      client.respond(grpcHead(), true);
      return;
    }
    boolean json = request != null && acceptsJson(request);
    ByteBuf body =
        ByteBufUtil.writeUtf8(io.netty.buffer.ByteBufAllocator.DEFAULT, json ? json() : text());
    Fields fields = Http1Fields.empty();
    fields.set(
        HttpHeaderNames.CONTENT_TYPE,
        json ? "application/json; charset=utf-8" : "text/plain; charset=utf-8");
    fields.set(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(body.readableBytes()));
    if (!location.isEmpty()) {
      fields.set(HttpHeaderNames.LOCATION, location);
    }
    if (status.code() == HttpResponseStatus.SERVICE_UNAVAILABLE.code()) {
      fields.set(HttpHeaderNames.RETRY_AFTER, "1");
    }
    boolean head = request != null && request.method().equals(HttpMethod.HEAD);
    client.respond(new ResponseHead(status, fields), head);
    if (head) {
      body.release();
    } else {
      client.data(body, true);
    }
  }

  /** The message with the last lines of output. */
  String text() {
    StringBuilder text = new StringBuilder(message).append('\n');
    if (!lastOutput.isEmpty()) {
      text.append("last output:\n");
      lastOutput.forEach(line -> text.append("  ").append(line).append('\n'));
    }
    return text.toString();
  }

  private String json() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("code", status.code());
    fields.put("reason", reason);
    fields.put("message", message);
    if (!lastOutput.isEmpty()) {
      fields.put("lastOutput", lastOutput);
    }
    return JSON.writeValueAsString(fields) + '\n';
  }

  private ResponseHead grpcHead() {
    int code =
        switch (status.code()) {
          case 400 -> 13;
          case 404 -> 12;
          case 504 -> 4;
          default -> 14;
        };
    Fields fields = Http1Fields.empty();
    fields.set(HttpHeaderNames.CONTENT_TYPE, "application/grpc");
    fields.set(GRPC_STATUS, Integer.toString(code));
    fields.set(GRPC_MESSAGE, percentEncoded(text().strip()));
    return new ResponseHead(HttpResponseStatus.OK, fields);
  }

  private static boolean acceptsJson(RequestHead request) {
    CharSequence accept = request.fields().get(HttpHeaderNames.ACCEPT);
    return accept != null && AsciiString.containsIgnoreCase(accept, "application/json");
  }

  /** As the gRPC protocol wants {@code grpc-message}. */
  private static String percentEncoded(String text) {
    StringBuilder encoded = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (b >= ' ' && b <= '~' && b != '%') {
        encoded.append((char) b);
      } else {
        encoded.append('%').append(String.format("%02X", b & 0xff));
      }
    }
    return encoded.toString();
  }
}
