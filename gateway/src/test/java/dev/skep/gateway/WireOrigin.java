package dev.skep.gateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** An instance whose every connection is a script, for what a proper server never does. */
final class WireOrigin implements AutoCloseable {
  interface Script {
    void run(Wire wire) throws Exception;
  }

  final AtomicInteger connections = new AtomicInteger();
  final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final ServerSocket server;
  private final List<Wire> open = new CopyOnWriteArrayList<>();

  WireOrigin(Script script) {
    this(0, script);
  }

  WireOrigin(int port, Script script) {
    try {
      server = new ServerSocket(port, 100, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().name("wire-origin").start(() -> accept(script));
  }

  private void accept(Script script) {
    while (!server.isClosed()) {
      try {
        Wire wire = new Wire(server.accept());
        connections.incrementAndGet();
        open.add(wire);
        Thread.ofVirtual().name("wire-script").start(() -> run(script, wire));
      } catch (IOException e) {
        return; // closed: the test is over
      }
    }
  }

  private void run(Script script, Wire wire) {
    try (wire) {
      script.run(wire);
    } catch (Exception | AssertionError e) {
      failures.add(e);
    }
  }

  int port() {
    return server.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Wire wire : open) {
      wire.close();
    }
  }
}
