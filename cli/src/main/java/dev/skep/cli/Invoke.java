package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "invoke",
    description =
        "Call a service through the gateway, over HTTP or gRPC, and show how it was started.")
final class Invoke extends SkepCommand {
  @Parameters(index = "0", paramLabel = "SERVICE", description = "Name of the service.")
  String service = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "PATH",
      description = "Path and query (default: ${DEFAULT-VALUE}).")
  String path = "/";

  @Option(
      names = {"-n", "--namespace"},
      description = "Its namespace (default: ${DEFAULT-VALUE}).")
  String namespace = "default";

  @Option(
      names = {"-X", "--method"},
      description = "HTTP method (default: GET, or POST with --data).")
  @Nullable String method;

  @Option(
      names = {"-H", "--header"},
      paramLabel = "NAME: VALUE",
      description = "Header; may be given several times.")
  List<String> headers = List.of();

  @Option(
      names = {"-d", "--data"},
      paramLabel = "TEXT|@FILE",
      description =
          "Body: the text, a file's content, or standard input (@-). With --grpc: the message as JSON.")
  @Nullable String data;

  @Option(
      names = "--data-hex",
      paramLabel = "HEX",
      description = "Body, or gRPC message, as hexadecimal bytes.")
  @Nullable String dataHex;

  @Option(
      names = "--grpc",
      paramLabel = "SERVICE/METHOD",
      description = "Call a gRPC method, such as helloworld.Greeter/SayHello.")
  @Nullable String grpc;

  @Option(
      names = "--proto",
      paramLabel = "FILE",
      description = "Schema of the gRPC method (default: the function's reflection service).")
  @Nullable Path proto;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      description = "Call N times and print the latencies.")
  int repeat = 1;

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      description = "Calls at once, with --repeat (default: ${DEFAULT-VALUE}).")
  int concurrency = 1;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      description = "Longest time of one call (default: ${DEFAULT-VALUE}).")
  String timeout = "300s";

  Invoke(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws Exception {
    try (ApiClient api = api()) {
      Json found = api.get(ApiClient.service(namespace, service));
      InetSocketAddress gateway = Services.gateway(api.get(ApiClient.SKEP + "/status"));
      Caller.Factory factory = caller(gateway, Services.url(found).getRawAuthority());
      if (repeat > 1) {
        Repetition result = Repetition.run(factory, repeat, concurrency);
        return result.report(this);
      }
      try (Caller caller = factory.open()) {
        return report(api, caller.call());
      }
    }
  }

  private Caller.Factory caller(InetSocketAddress gateway, String authority) throws IOException {
    Duration patience = Times.parse(timeout);
    byte[] body = body();
    if (grpc != null) {
      var target =
          new GrpcCaller.Target(
              gateway,
              authority,
              grpc,
              headers(),
              new String(body, StandardCharsets.UTF_8),
              dataHex == null ? null : body,
              Optional.ofNullable(proto),
              patience);
      return () -> GrpcCaller.open(target);
    }
    String verb = method == null ? (data == null && dataHex == null ? "GET" : "POST") : method;
    var request =
        new HttpRequest(verb, authority, path.startsWith("/") ? path : "/" + path, headers(), body);
    return () -> new HttpCaller(gateway, request, patience);
  }

  private byte[] body() throws IOException {
    if (dataHex != null) {
      try {
        return HexFormat.of().parseHex(dataHex.replaceAll("\\s", ""));
      } catch (IllegalArgumentException e) {
        throw new SkepException(Code.INVALID, "--data-hex: " + e.getMessage(), e);
      }
    }
    if (data == null) {
      return new byte[0];
    }
    if (data.equals("@-")) {
      return System.in.readAllBytes();
    }
    if (data.startsWith("@")) {
      Path file = Path.of(data.substring(1));
      if (!Files.isReadable(file)) {
        throw new SkepException(Code.INVALID, "--data " + data + ": the file cannot be read");
      }
      return Files.readAllBytes(file);
    }
    return data.getBytes(StandardCharsets.UTF_8);
  }

  private Map<String, String> headers() {
    var map = new LinkedHashMap<String, String>();
    for (String header : headers) {
      int colon = header.indexOf(':');
      if (colon <= 0) {
        throw new SkepException(Code.INVALID, "--header '" + header + "': expected 'Name: value'");
      }
      map.put(header.substring(0, colon).strip(), header.substring(colon + 1).strip());
    }
    return map;
  }

  private int report(ApiClient api, Invocation answer) throws IOException, InterruptedException {
    Optional<Json> start = answer.cold() ? start(api, answer) : Optional.empty();
    if (wantsTable()) {
      terminal().flush();
      terminal().out().write(answer.body());
      terminal().flush();
      summary(answer, start);
    } else {
      printTree(tree(answer, start));
    }
    return answer.status() < 400 ? ExitCodes.OK : ExitCodes.FAILED;
  }

  /** The record is complete a moment after the last byte of the response. */
  private static Optional<Json> start(ApiClient api, Invocation answer)
      throws InterruptedException {
    String id = answer.requestId().orElse("");
    for (int attempt = 0; attempt < 20 && !id.isEmpty(); attempt++) {
      Optional<Json> start = Services.lastStart(api, "requestId=" + ApiClient.encode(id));
      if (start.isPresent()) {
        return start;
      }
      Thread.sleep(25);
    }
    return Optional.empty();
  }

  private void summary(Invocation answer, Optional<Json> start) {
    Terminal out = terminal();
    byte[] body = answer.body();
    if (body.length > 0 && body[body.length - 1] != '\n') {
      out.note("");
    }
    out.note(
        (grpc == null ? "HTTP " : "gRPC over HTTP ")
            + answer.status()
            + " "
            + answer.reason()
            + " in "
            + Times.precise(answer.nanos())
            + (answer.cold() ? ", cold" : answer.status() < 500 ? ", warm" : ""));
    start.ifPresent(
        record -> out.note(new StartReport(out).phases(record).toString().stripTrailing()));
  }

  private static Json tree(Invocation answer, Optional<Json> start) {
    Json headers = Json.object();
    answer.headers().forEach(header -> headers.set(header.getKey(), header.getValue()));
    Json tree =
        Json.object()
            .set("status", answer.status())
            .set("start", answer.cold() ? "cold" : "warm")
            .set("millis", answer.nanos() / 1e6)
            .set("headers", headers)
            .set("body", new String(answer.body(), StandardCharsets.UTF_8));
    start.ifPresent(record -> tree.set("coldStart", record));
    return tree;
  }
}
