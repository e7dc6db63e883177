package dev.skep.remote;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands before a server that ends each connection after one answer, and does to it what it is
 * told.
 */
final class FaultyProxy implements AutoCloseable {
  enum Fault {
    NONE,
    /** Answers after 4 s. */
    SLOW,
    /** Answers 500 by itself. */
    ERROR,
    /** Ends the answer in its middle. */
    SHORT,
    /** Changes the answer's last byte. */
    ALTERED,
    /** Says nothing at all. */
    SILENT
  }

  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final int server;
  volatile Fault fault = Fault.NONE;

  /** How many requests are let through before the fault shows. */
  final AtomicInteger good = new AtomicInteger();

  FaultyProxy(int server) throws IOException {
    this.server = server;
    Thread.ofVirtual().start(this::accept);
  }

  String endpoint() {
    return "http://127.0.0.1:" + listener.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void serve(Socket client) {
    Fault now = good.getAndDecrement() > 0 ? Fault.NONE : fault;
    try (client;
        var upstream = new Socket(InetAddress.getLoopbackAddress(), server)) {
      if (now == Fault.ERROR) {
        client.getInputStream().read(new byte[64 << 10]);
        client
            .getOutputStream()
            .write(
                "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
        return;
      }
      Thread.ofVirtual().start(() -> copy(client, upstream));
      InputStream answer = upstream.getInputStream();
      OutputStream out = client.getOutputStream();
      switch (now) {
        case NONE, ERROR -> answer.transferTo(out);
        case SLOW -> {
          Thread.sleep(4_000);
          answer.transferTo(out);
        }
        case SILENT -> Thread.sleep(60_000);
        case SHORT -> {
          byte[] all = answer.readAllBytes();
          out.write(all, 0, all.length - 20);
        }
        case ALTERED -> {
          byte[] all = answer.readAllBytes();
          all[all.length - 1] ^= 1;
          out.write(all);
        }
      }
    } catch (IOException | InterruptedException e) {
      // one of them has gone
    }
  }

  private static void copy(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException e) {
      // the answer has ended
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
