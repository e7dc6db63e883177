package dev.skep.image;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * An image registry on a loopback port (OCI distribution, pull side) that keeps images in memory
 * and misbehaves when told to. Thread-safe.
 */
final class FakeRegistry implements AutoCloseable {
  public static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  public static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  public static final String OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
  public static final String OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";

  private static final String TOKEN = "a-token-of-the-fake-registry";

  /** A layer as a registry has it. */
  public record Layer(
      byte[] blob, String mediaType, String diffId, Map<String, String> annotations) {
    public Layer(byte[] blob, String mediaType, String diffId) {
      this(blob, mediaType, diffId, Map.of());
    }

    String described() {
      String text =
          annotations.entrySet().stream()
              .map(a -> "\"%s\":\"%s\"".formatted(a.getKey(), a.getValue()))
              .collect(Collectors.joining(","));
      return descriptor(mediaType, digest(blob), blob.length)
          .replaceFirst("}$", ",\"annotations\":{" + text + "}}");
    }

    public static Layer plain(byte[] tar) {
      return new Layer(tar, OCI_LAYER, digest(tar));
    }

    public static Layer gzip(byte[] tar) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
        gzip.write(tar);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return new Layer(out.toByteArray(), OCI_LAYER + "+gzip", digest(tar));
    }
  }

  /** A request as it came. */
  public record Request(String path, Optional<String> range, Optional<String> authorization) {}

  /** What is sent at once between two looks at the clock of the link. */
  private static final int PIECE = 32 << 10;

  /** A link that all share; without a speed nobody waits for it. */
  private static final class Link {
    private long bytesPerSecond;
    private Duration latency = Duration.ZERO;
    private long freeAt = System.nanoTime();

    /** How long until that much has gone over it. */
    synchronized Duration take(int bytes) {
      if (bytesPerSecond == 0) {
        return Duration.ZERO;
      }
      long now = System.nanoTime();
      freeAt = Math.max(freeAt, now) + bytes * 1_000_000_000L / bytesPerSecond;
      return Duration.ofNanos(freeAt - now);
    }
  }

  private record Document(String mediaType, byte[] bytes) {}

  private record Cut(String digest, int afterBytes, AtomicInteger times) {}

  private record Failure(String pathPart, int status, String retryAfter, AtomicInteger times) {}

  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("fake-registry-", 0).factory());
  private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
  private final Map<String, Document> manifests = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<Cut> cuts = new CopyOnWriteArrayList<>();
  private final Map<String, byte[]> swapped = new ConcurrentHashMap<>();
  private final List<Failure> failures = new CopyOnWriteArrayList<>();
  private volatile String basic;
  private volatile boolean tokens;
  private volatile boolean rangesIgnored;
  private final Link link = new Link();
  private volatile FakeRegistry storage;
  private volatile CountDownLatch held = new CountDownLatch(0);

  private FakeRegistry(HttpServer server) {
    this.server = server;
  }

  /** Starts on a free port of 127.0.0.1. */
  public static FakeRegistry start() {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      FakeRegistry registry = new FakeRegistry(server);
      server.setExecutor(registry.threads);
      server.createContext("/", registry::handle);
      server.start();
      return registry;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@code 127.0.0.1:PORT}: the registry part of a reference. */
  public String address() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  /** Adds an image for linux/amd64 whose config runs {@code /app}; the manifest's digest. */
  public String push(String repository, String tag, Layer... layers) {
    return push(repository, tag, config("amd64", layers), layers);
  }

  /** Adds an image with a config as given. */
  public String push(String repository, String tag, String config, Layer... layers) {
    byte[] bytes = config.getBytes(StandardCharsets.UTF_8);
    putBlob(bytes);
    String described =
        Stream.of(layers)
            .peek(layer -> putBlob(layer.blob()))
            .map(Layer::described)
            .collect(Collectors.joining(","));
    return putManifest(
        repository,
        tag,
        OCI_MANIFEST,
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}"
            .formatted(
                OCI_MANIFEST, descriptor(OCI_CONFIG, digest(bytes), bytes.length), described));
  }

  /** A config of an image that runs {@code /app} on port 8080. */
  public static String config(String architecture, Layer... layers) {
    String diffIds =
        Stream.of(layers).map(layer -> '"' + layer.diffId() + '"').collect(Collectors.joining(","));
    return """
        {"architecture":"%s","os":"linux","config":{"Entrypoint":["/app"],"Env":["A=b"],\
        "ExposedPorts":{"8080/tcp":{}}},"rootfs":{"type":"layers","diff_ids":[%s]}}"""
        .formatted(architecture, diffIds);
  }

  public static String descriptor(String mediaType, String digest, long size) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(mediaType, digest, size);
  }

  public String putBlob(byte[] bytes) {
    String digest = digest(bytes);
    blobs.put(digest, bytes);
    return digest;
  }

  public String putManifest(String repository, String tag, String mediaType, String json) {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    String digest = digest(bytes);
    Document document = new Document(mediaType, bytes);
    manifests.put(repository + "/" + tag, document);
    manifests.put(repository + "/" + digest, document);
    return digest;
  }

  /** Asks for tokens, given to anybody, or to one user when {@link #requireUser} was called too. */
  public void requireTokens() {
    tokens = true;
  }

  /** Asks for a password: at the token service if there is one, else with each request. */
  public void requireUser(String user, String password) {
    byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    basic = "Basic " + Base64.getEncoder().encodeToString(pair);
  }

  /** Breaks the connection after so many bytes of a blob's answer, so many times; in turn. */
  public void cutBlob(String digest, int afterBytes, int times) {
    cuts.add(new Cut(digest, afterBytes, new AtomicInteger(times)));
  }

  /** Behaves again. */
  public void heal() {
    cuts.clear();
    failures.clear();
    swapped.clear();
  }

  /** Answers a blob with other bytes. */
  public void swapBlob(String digest, byte[] bytes) {
    swapped.put(digest, bytes);
  }

  /** Sends blobs over a link of that speed, each after a latency. */
  public void slow(long bytesPerSecond, Duration latency) {
    link.bytesPerSecond = bytesPerSecond;
    link.latency = latency;
  }

  public void ignoreRanges() {
    rangesIgnored = true;
  }

  /** Answers requests whose path has this part with a status, so many times. */
  public void fail(String pathPart, int status, String retryAfter, int times) {
    failures.add(new Failure(pathPart, status, retryAfter, new AtomicInteger(times)));
  }

  /** Sends those who want blobs to another server. */
  public void redirectBlobsTo(FakeRegistry other) {
    storage = other;
  }

  /** Answers no blob until the returned latch is counted down, or 30 seconds have passed. */
  public CountDownLatch holdBlobs() {
    held = new CountDownLatch(1);
    return held;
  }

  public List<Request> requests() {
    return List.copyOf(requests);
  }

  /** How often a path with this part was asked for. */
  public long count(String pathPart) {
    return requests.stream().filter(r -> r.path().contains(pathPart)).count();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      requests.add(new Request(path, header(exchange, "Range"), header(exchange, "Authorization")));
      if (path.equals("/token")) {
        giveToken(exchange);
      } else if (!failsOnPurpose(exchange, path) && isAllowed(exchange)) {
        answer(exchange, path);
      }
    }
  }

  private void answer(HttpExchange exchange, String path) throws IOException {
    if (path.equals("/v2/")) {
      send(exchange, 200, "application/json", "{}".getBytes(StandardCharsets.UTF_8));
    } else if (path.contains("/manifests/")) {
      String repository = path.substring(4, path.indexOf("/manifests/"));
      String target = path.substring(path.lastIndexOf('/') + 1);
      Document document = manifests.get(repository + "/" + target);
      if (document == null) {
        sendError(exchange, 404, "MANIFEST_UNKNOWN");
      } else {
        exchange.getResponseHeaders().set("Docker-Content-Digest", digest(document.bytes));
        send(exchange, 200, document.mediaType, document.bytes);
      }
    } else if (path.contains("/blobs/")) {
      sendBlob(exchange, path, path.substring(path.lastIndexOf('/') + 1));
    } else {
      sendError(exchange, 404, "NAME_UNKNOWN");
    }
  }

  private void sendBlob(HttpExchange exchange, String path, String digest) throws IOException {
    FakeRegistry elsewhere = storage;
    if (elsewhere != null) {
      exchange.getResponseHeaders().set("Location", "http://" + elsewhere.address() + path);
      exchange.sendResponseHeaders(307, -1);
      return;
    }
    byte[] blob = swapped.getOrDefault(digest, blobs.getOrDefault(digest, new byte[0]));
    if (!blobs.containsKey(digest)) {
      sendError(exchange, 404, "BLOB_UNKNOWN");
      return;
    }
    awaitRelease();
    await(link.latency);
    Optional<String> range = rangesIgnored ? Optional.empty() : header(exchange, "Range");
    int from = range.map(FakeRegistry::start).orElse(0);
    int end = range.map(r -> end(r, blob.length)).orElse(blob.length);
    if (range.isPresent()) {
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes %d-%d/%d".formatted(from, end - 1, blob.length));
    }
    int length = end - from;
    exchange.sendResponseHeaders(range.isPresent() ? 206 : 200, length == 0 ? -1 : length);
    int wanted = Math.min(cut(digest), length);
    // Not closed when broken off: closing would complain, the exchange breaks the connection.
    OutputStream out = exchange.getResponseBody();
    for (int at = 0; at < wanted; at += PIECE) {
      int n = Math.min(PIECE, wanted - at);
      await(link.take(n));
      out.write(blob, from + at, n);
    }
    out.flush();
  }

  private static void await(Duration pause) throws IOException {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      throw new java.io.InterruptedIOException();
    }
  }

  private static int end(String range, int length) {
    String end = range.substring(range.indexOf('-') + 1);
    return end.isEmpty() ? length : Math.min(length, Integer.parseInt(end) + 1);
  }

  private int cut(String digest) {
    for (Cut cut : cuts) {
      if (cut.digest.equals(digest) && cut.times.getAndDecrement() > 0) {
        return cut.afterBytes;
      }
    }
    return Integer.MAX_VALUE;
  }

  private void awaitRelease() {
    try {
      if (!held.await(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nobody let the blobs go");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int start(String range) {
    return Integer.parseInt(range.substring("bytes=".length(), range.indexOf('-')));
  }

  private boolean failsOnPurpose(HttpExchange exchange, String path) throws IOException {
    for (Failure failure : failures) {
      if (path.contains(failure.pathPart) && failure.times.getAndDecrement() > 0) {
        if (!failure.retryAfter.isEmpty()) {
          exchange.getResponseHeaders().set("Retry-After", failure.retryAfter);
        }
        sendError(exchange, failure.status, "ON_PURPOSE");
        return true;
      }
    }
    return false;
  }

  private boolean isAllowed(HttpExchange exchange) throws IOException {
    String expected = tokens ? "Bearer " + TOKEN : basic;
    if (expected == null || header(exchange, "Authorization").equals(Optional.of(expected))) {
      return true;
    }
    exchange
        .getResponseHeaders()
        .set(
            "WWW-Authenticate",
            tokens
                ? "Bearer realm=\"http://%s/token\",service=\"fake\",scope=\"repository:x:pull\""
                    .formatted(address())
                : "Basic realm=\"fake\"");
    sendError(exchange, 401, "UNAUTHORIZED");
    return false;
  }

  private void giveToken(HttpExchange exchange) throws IOException {
    if (basic != null && !header(exchange, "Authorization").equals(Optional.of(basic))) {
      sendError(exchange, 401, "UNAUTHORIZED");
      return;
    }
    byte[] body = ("{\"token\":\"" + TOKEN + "\"}").getBytes(StandardCharsets.UTF_8);
    send(exchange, 200, "application/json", body);
  }

  private static Optional<String> header(HttpExchange exchange, String name) {
    return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name));
  }

  private static void sendError(HttpExchange exchange, int status, String code) throws IOException {
    byte[] body = ("{\"errors\":[{\"code\":\"" + code + "\"}]}").getBytes(StandardCharsets.UTF_8);
    send(exchange, status, "application/json", body);
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  public static String digest(byte[] bytes) {
    try {
      byte[] sum = MessageDigest.getInstance("SHA-256").digest(bytes);
      return "sha256:" + HexFormat.of().formatHex(sum);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    held.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
