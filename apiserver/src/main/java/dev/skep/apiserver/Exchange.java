package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** One request and its answer. Used by the request's own virtual thread. */
final class Exchange {
  /** Largest body that is read, as in Kubernetes. */
  static final int MAX_BODY_BYTES = 3 << 20;

  private static final String PROTOBUF = "application/vnd.kubernetes.protobuf";
  private static final long MAX_SKIPPED_BYTES = 32L << 20;

  static final String JSON = "application/json";

  private final ServerRequest request;
  private final ServerResponse response;
  private final List<String> path;
  private byte @Nullable [] body;
  private User user = User.NOBODY;

  Exchange(ServerRequest request, ServerResponse response) {
    this.request = request;
    this.response = response;
    this.path = segments(request.prologue().uriPath().path());
  }

  static List<String> segments(String path) {
    var segments = new ArrayList<String>();
    for (String segment : path.split("/", -1)) {
      if (!segment.isEmpty()) {
        segments.add(segment);
      }
    }
    return List.copyOf(segments);
  }

  /** For what leaves HTTP. */
  PodStreams.Request streamRequest(ResourcePath resource) {
    return new PodStreams.Request(resource, request.query(), request.headers());
  }

  String method() {
    return request.prologue().method().text();
  }

  /** Who it is that calls. */
  User user() {
    return user;
  }

  void calledBy(User caller) {
    user = caller;
  }

  /** Decoded segments of the path. */
  List<String> path() {
    return path;
  }

  String pathText() {
    return "/" + String.join("/", path);
  }

  Optional<String> query(String name) {
    var query = request.query();
    return query.contains(name) ? Optional.of(query.get(name)) : Optional.empty();
  }

  boolean flag(String name) {
    return query(name).filter(value -> value.equals("true") || value.equals("1")).isPresent();
  }

  /** Whether the client wants nothing to be kept. */
  boolean isDryRun() {
    Optional<String> dryRun = query("dryRun").filter(value -> !value.isEmpty());
    if (dryRun.isPresent() && !dryRun.get().equals("All")) {
      throw ApiFailure.badRequest(
          "query parameter dryRun: \"%s\" (expected: All)".formatted(dryRun.get()));
    }
    return dryRun.isPresent();
  }

  /** A number that is not negative. */
  OptionalLong number(String name) {
    Optional<String> text = query(name).filter(value -> !value.isEmpty());
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    if (!text.get().matches("[0-9]{1,18}")) {
      throw ApiFailure.badRequest(
          "query parameter %s: \"%s\" (expected: a number that is not negative)"
              .formatted(name, text.get()));
    }
    return OptionalLong.of(Long.parseLong(text.get()));
  }

  Optional<String> header(String name) {
    return request.headers().first(HeaderNames.create(name));
  }

  /** The media type of the body, in lower case and without parameters. */
  String contentType() {
    String type = header("Content-Type").orElse(JSON);
    int end = type.indexOf(';');
    return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }

  /** The whole body; read once, it may be asked for again. */
  byte[] body() {
    if (body == null) {
      body = readBody();
    }
    return body;
  }

  boolean hasBody() {
    return body().length > 0;
  }

  private byte[] readBody() {
    try (InputStream in = request.content().inputStream()) {
      byte[] body = in.readNBytes(MAX_BODY_BYTES + 1);
      if (body.length > MAX_BODY_BYTES) {
        in.skip(MAX_SKIPPED_BYTES); // a client that still writes would not read our answer
        throw new ApiFailure(
            413,
            "RequestEntityTooLarge",
            "body: more than %d bytes (expected: at most 3 MiB)".formatted(MAX_BODY_BYTES));
      }
      return body;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The body as it comes, whatever its length. */
  InputStream input() {
    return request.content().inputStream();
  }

  /** The body as one object, from JSON or YAML. */
  ObjectNode object() {
    return switch (contentType()) {
      case JSON -> ApiJson.parse(body());
      case "application/yaml", "application/x-yaml", "text/yaml" -> Yaml.parse(body());
      case PROTOBUF -> Protobuf.parse(body());
      default -> throw unknownFormat(JSON + ", application/yaml, " + PROTOBUF);
    };
  }

  ApiFailure unknownFormat(String accepted) {
    return new ApiFailure(
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format, %s - accepted media types include: %s"
            .formatted(contentType(), accepted));
  }

  /** Shown by clients; what a header cannot carry, such as a line's end, is shown as {@code ?}. */
  void warn(String message) {
    String plain = message.replaceAll("[^ -~]", "?");
    String quoted = plain.replace("\\", "\\\\").replace("\"", "\\\"");
    response.headers().add(HeaderNames.create("Warning"), "299 - \"%s\"".formatted(quoted));
  }

  void answerHeader(String name, String value) {
    response.headers().set(HeaderNames.create(name), value);
  }

  void send(JsonNode json) {
    send(200, json);
  }

  void send(int status, JsonNode json) {
    send(status, JSON, ApiJson.bytes(json));
  }

  /** An answer without a body. */
  void send(int status) {
    response.status(status).send();
  }

  void text(int status, String text) {
    send(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
  }

  void send(int status, String contentType, byte[] body) {
    response.status(status).header("Content-Type", contentType);
    response.send(body);
  }

  /** Starts an answer of unknown length; every flush reaches the client. */
  OutputStream stream(String contentType) {
    response.status(200).header("Content-Type", contentType);
    return response.outputStream();
  }

  boolean isAnswered() {
    return response.isSent() || response.bytesWritten() > 0;
  }
}
