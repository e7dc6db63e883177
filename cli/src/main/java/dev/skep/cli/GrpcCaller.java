package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Calls one gRPC method; the answer's body is its messages as JSON, or as hex without a schema. */
final class GrpcCaller implements Caller {
  /**
   * What is to be called.
   *
   * @param method {@code package.Service/Method}
   * @param json of the message; ignored where {@code raw} is given
   * @param raw the encoded message
   */
  @SuppressWarnings("ArrayRecordComponent") // a message is bytes; nobody compares calls
  record Target(
      InetSocketAddress gateway,
      String authority,
      String method,
      Map<String, String> headers,
      String json,
      byte @Nullable [] raw,
      Optional<Path> proto,
      Duration timeout) {
    Target {
      if (!method.matches("[\\w.]+/\\w+")) {
        throw new SkepException(
            Code.INVALID,
            "--grpc "
                + method
                + ": expected package.Service/Method, such as helloworld.Greeter/SayHello");
      }
    }

    String service() {
      return method.substring(0, method.indexOf('/'));
    }
  }

  private final Target target;
  private final GrpcConnection connection;
  private final Optional<GrpcMethod> schema;
  private final byte[] message;

  private GrpcCaller(Target target, GrpcConnection connection) throws IOException {
    this.target = target;
    this.connection = connection;
    this.schema = target.raw() == null ? Optional.of(schema()) : Optional.empty();
    this.message =
        target.raw() == null ? schema.orElseThrow().request(target.json()) : target.raw();
  }

  static GrpcCaller open(Target target) throws IOException {
    GrpcConnection connection = GrpcConnection.open(target.gateway(), target.timeout());
    try {
      return new GrpcCaller(target, connection);
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private GrpcMethod schema() throws IOException {
    if (target.proto().isPresent()) {
      try {
        return GrpcSchemas.find(target.method(), GrpcSchemas.compile(target.proto().get()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
    if (target.service().equals("helloworld.Greeter")) {
      return GrpcSchemas.find(target.method(), java.util.List.of(GrpcSchemas.GREETER));
    }
    var reflection = new GrpcReflection(connection, target.authority(), target.headers());
    return GrpcSchemas.find(target.method(), reflection.filesOf(target.service()));
  }

  @Override
  public Invocation call() {
    GrpcConnection.Answer answer =
        connection.call(target.authority(), "/" + target.method(), target.headers(), message);
    String status = answer.header("grpc-status");
    int http = Integer.parseInt(answer.header(":status"));
    boolean good = status.equals("0");
    String reason =
        good
            ? "OK"
            : status.isEmpty()
                ? "no gRPC answer"
                : "grpc-status " + status + " " + decoded(answer.header("grpc-message"));
    byte[] body = status.isEmpty() ? answer.body() : text(answer).getBytes(StandardCharsets.UTF_8);
    return new Invocation(
        good || http >= 400 ? http : 500, reason, answer.headers(), body, answer.nanos());
  }

  private String text(GrpcConnection.Answer answer) {
    return GrpcMethod.messages(answer.body()).stream()
        .map(
            bytes ->
                schema
                    .map(method -> method.response(bytes))
                    .orElseGet(() -> HexFormat.of().formatHex(bytes)))
        .collect(Collectors.joining("\n"));
  }

  /** gRPC percent-encodes its messages. */
  private static String decoded(String message) {
    return URLDecoder.decode(message.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    connection.close();
  }
}
