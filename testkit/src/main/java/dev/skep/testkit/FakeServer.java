package dev.skep.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The HTTP server of one fake sandbox: answers every request with 200 and a fixed text. */
final class FakeServer implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads;
  private final String body;
  private boolean paused;

  FakeServer(String name, String body) {
    this.body = body;
    this.threads = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name(name).factory());
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  InetSocketAddress address() {
    return server.getAddress();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      awaitResumed();
      exchange.getRequestBody().readAllBytes();
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void awaitResumed() throws InterruptedException {
    while (paused) {
      wait();
    }
  }

  synchronized void paused(boolean now) {
    paused = now;
    notifyAll();
  }

  @Override
  public void close() {
    threads.shutdownNow();
    server.stop(0);
  }
}
