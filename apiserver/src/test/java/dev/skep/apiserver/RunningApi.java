package dev.skep.apiserver;

import dev.skep.api.AddressRange;
import dev.skep.api.ApiJson;
import dev.skep.remote.SnapshotArchive;
import dev.skep.sandbox.Sandbox;
import dev.skep.snapshot.SnapshotStore;
import dev.skep.store.EventLog;
import dev.skep.store.SqliteStore;
import dev.skep.telemetry.ColdStart;
import dev.skep.testkit.FakeImages;
import dev.skep.workload.PodLogs;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A real server on a real port with a real store, and a client that trusts it. */
final class RunningApi implements AutoCloseable {
  /** An answer and its body as JSON. */
  record Answer(int status, JsonNode json, HttpResponse<?> response) {
    String message() {
      return json.path("message").asString("");
    }

    String at(String pointer) {
      return json.at(pointer).asString("");
    }
  }

  static final String SERVICES = "/apis/serving.knative.dev/v1/namespaces/default/services";
  static final String SKEP = "/apis/skep.dev/v1";

  final Path state;
  final SqliteStore store;
  final EventLog events = new EventLog(Clock.systemUTC());
  final FakeInstances instances = new FakeInstances();
  final FakeImages images = new FakeImages().publish("hello:1", FakeImages.SERVES);
  final Map<String, Sandbox> pods = new ConcurrentHashMap<>();
  final SnapshotStore snapshots;
  final List<ColdStart> starts = new CopyOnWriteArrayList<>();
  final AtomicBoolean ready = new AtomicBoolean(true);
  final ApiServer server;
  final HttpClient client;
  final String token;

  RunningApi(Path state) throws Exception {
    this.state = state;
    this.store = SqliteStore.open(state, Clock.systemUTC());
    this.snapshots = SnapshotStore.open(state.resolve("snapshots"), 1 << 30, Clock.systemUTC());
    this.server =
        ApiServer.start(
            new ApiOptions(state, InetAddress.getLoopbackAddress(), 0, "1.2.3"), parts());
    this.token = Files.readString(state.resolve("api.token")).strip();
    this.client = HttpClient.newBuilder().sslContext(trusting(state)).build();
  }

  ApiParts parts() {
    return new ApiParts(
        store,
        events,
        instances,
        images,
        snapshots,
        new SnapshotArchive(snapshots, () -> List.of("qemu")),
        new PodLogs(state.resolve("pods")),
        (namespace, pod) -> Optional.ofNullable(pods.get(namespace + "/" + pod)),
        AddressRange.parse("10.200.0.0/29"),
        () -> ApiJson.object().put("keys", "none"),
        (filter, limit) -> starts.stream().filter(filter).limit(limit).toList(),
        out -> out.write("skep_build_info 1\n".getBytes(StandardCharsets.UTF_8)),
        () -> Map.of("phase", "serving"),
        ready::get);
  }

  static SSLContext trusting(Path state) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    byte[] pem = Files.readAllBytes(state.resolve("api.crt"));
    trusted.setCertificateEntry("skep", SelfSigned.parse(pem));
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(
            URI.create("https://127.0.0.1:%d%s".formatted(server.port(), path)))
        .timeout(Duration.ofSeconds(20))
        .header("Authorization", "Bearer " + token);
  }

  Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
    HttpResponse<byte[]> response = client.send(request.build(), BodyHandlers.ofByteArray());
    boolean json = response.headers().firstValue("Content-Type").orElse("").contains("json");
    JsonNode body = json ? ApiJson.parse(response.body()) : ApiJson.object();
    return new Answer(response.statusCode(), body, response);
  }

  Answer get(String path) throws IOException, InterruptedException {
    return send(request(path));
  }

  Answer post(String path, String body) throws IOException, InterruptedException {
    return with("POST", path, "application/json", body);
  }

  Answer put(String path, JsonNode body) throws IOException, InterruptedException {
    return with("PUT", path, "application/json", body.toString());
  }

  Answer delete(String path) throws IOException, InterruptedException {
    return send(request(path).DELETE());
  }

  Answer with(String method, String path, String contentType, String body)
      throws IOException, InterruptedException {
    return send(
        request(path)
            .header("Content-Type", contentType)
            .method(method, BodyPublishers.ofString(body)));
  }

  /** The lines of an answer as they come; closing the stream ends the request. */
  Stream<String> lines(String path) throws IOException, InterruptedException {
    HttpResponse<Stream<String>> response =
        client.send(request(path).build(), BodyHandlers.ofLines());
    if (response.statusCode() != 200) {
      throw new AssertionError("HTTP " + response.statusCode());
    }
    return response.body();
  }

  static String service(String name) {
    return service(name, "hello:1");
  }

  static String service(String name, String image) {
    return """
        {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "%s"},
         "spec": {"template": {"spec": {"containers": [{"image": "%s"}]}}}}
        """
        .formatted(name, image);
  }

  static ObjectNode image(JsonNode service, String image) {
    ObjectNode changed = (ObjectNode) service.deepCopy();
    ObjectNode container = (ObjectNode) changed.at("/spec/template/spec/containers/0");
    container.put("image", image);
    return changed;
  }

  @Override
  public void close() {
    client.shutdownNow();
    server.close();
    store.close();
  }
}
