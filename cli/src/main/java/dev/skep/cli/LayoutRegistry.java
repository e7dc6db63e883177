package dev.skep.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The pull side of a registry (OCI distribution) for the one image of an OCI layout folder, on
 * loopback and no faster than a link would be. It has the image under every name.
 */
final class LayoutRegistry implements AutoCloseable {
  private static final Pattern PATH =
      Pattern.compile("/v2/.+/(manifests|blobs)/(?:sha256:([0-9a-f]{64})|[\\w.-]+)");
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d{1,15})-(\\d{1,15})?");
  private static final int PIECE = 16 << 10;

  private final Path blobs;
  private final String manifest;
  private final long bytesPerSecond;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicLong sent = new AtomicLong();
  private long freeAt = System.nanoTime(); // guarded by this

  private LayoutRegistry(Path layout, int port, long bytesPerSecond) throws IOException {
    this.blobs = layout.resolve("blobs/sha256");
    this.manifest = OciFolder.manifest(layout);
    this.bytesPerSecond = bytesPerSecond;
    this.server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
  }

  /**
   * Serves from now on.
   *
   * @param port 0 for any that is free
   */
  static LayoutRegistry start(Path layout, int port, long bytesPerSecond) throws IOException {
    var registry = new LayoutRegistry(layout, port, bytesPerSecond);
    registry.server.start();
    return registry;
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** How much of blobs went out. */
  long sentBytes() {
    return sent.get();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      Matcher path = PATH.matcher(exchange.getRequestURI().getPath());
      if (!path.matches()) {
        boolean ping = exchange.getRequestURI().getPath().equals("/v2/");
        exchange.sendResponseHeaders(ping ? 200 : 404, -1);
        return;
      }
      String name = path.group(2) == null ? manifest : path.group(2);
      boolean blob = path.group(1).equals("blobs");
      if ((blob && path.group(2) == null) || !Files.exists(blobs.resolve(name))) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      String type =
          blob ? "application/octet-stream" : "application/vnd.oci.image.manifest.v1+json";
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.getResponseHeaders().set("Docker-Content-Digest", "sha256:" + name);
      send(exchange, blobs.resolve(name));
    }
  }

  private void send(HttpExchange exchange, Path blob) throws IOException {
    long size = Files.size(blob);
    String wanted = exchange.getRequestHeaders().getFirst("Range");
    Matcher range = RANGE.matcher(wanted == null ? "" : wanted);
    boolean part = range.matches() && Long.parseLong(range.group(1)) < size;
    long from = part ? Long.parseLong(range.group(1)) : 0;
    long last =
        part && range.group(2) != null
            ? Math.min(size - 1, Long.parseLong(range.group(2)))
            : size - 1;
    if (part) {
      String said = "bytes %d-%d/%d".formatted(from, last, size);
      exchange.getResponseHeaders().set("Content-Range", said);
    }
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(part ? 206 : 200, head ? -1 : last - from + 1);
    if (!head) {
      copy(blob, from, last + 1, exchange.getResponseBody());
    }
  }

  private void copy(Path blob, long from, long end, OutputStream out) throws IOException {
    byte[] piece = new byte[PIECE];
    try (var file = new RandomAccessFile(blob.toFile(), "r")) {
      file.seek(from);
      for (long at = from; at < end; ) {
        int bytes = file.read(piece, 0, (int) Math.min(PIECE, end - at));
        pass(bytes);
        out.write(piece, 0, bytes);
        sent.addAndGet(bytes);
        at += bytes;
      }
    }
  }

  /** Waits until that much has gone over the link, which all share. */
  private void pass(int bytes) throws IOException {
    long wait;
    synchronized (this) {
      long now = System.nanoTime();
      freeAt = Math.max(freeAt, now) + bytes * 1_000_000_000L / bytesPerSecond;
      wait = freeAt - now;
    }
    try {
      Thread.sleep(java.time.Duration.ofNanos(wait));
    } catch (InterruptedException e) {
      throw new java.io.InterruptedIOException("the registry ends");
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
