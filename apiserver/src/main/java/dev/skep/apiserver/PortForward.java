package dev.skep.apiserver;

import io.helidon.webserver.CloseConnectionException;
import io.netty.handler.codec.spdy.SpdyHeaders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code portforward.k8s.io}: for each connection the client opens a stream for errors and one for
 * data, both with the port and the same request id. What a pod does not take for long is given up,
 * for it holds the other connections back.
 */
final class PortForward implements SpdyStreams.Handler {
  private static final Logger LOG = LoggerFactory.getLogger(PortForward.class);

  static final String PROTOCOL = "portforward.k8s.io";

  private static final int MOST_CONNECTIONS = 256;
  private static final int QUEUED_CHUNKS = 64;
  private static final int CHUNK = 16 << 10;
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final byte[] END = new byte[0];

  private final SpdyStreams streams;
  private final InetSocketAddress pod;
  private final Executor executor;

  /** Streams for errors that have no data yet, by request id. */
  private final Map<String, Integer> errors = new ConcurrentHashMap<>();

  private final Map<Integer, Connection> connections = new ConcurrentHashMap<>();

  /**
   * @param pod its address is where all ports are
   */
  PortForward(SpdyStreams streams, InetSocketAddress pod, Executor executor) {
    this.streams = streams;
    this.pod = pod;
    this.executor = executor;
  }

  @Override
  public boolean opened(int stream, SpdyHeaders headers) {
    String request = String.valueOf(headers.getAsString("requestid"));
    if (errors.size() + connections.size() >= MOST_CONNECTIONS) {
      return false;
    }
    return switch (String.valueOf(headers.getAsString("streamtype"))) {
      case "error" -> errors.putIfAbsent(request, stream) == null;
      case "data" -> {
        Integer error = errors.remove(request);
        if (error == null) {
          yield false;
        }
        var connection = new Connection(stream, error, headers.getInt("port", 0));
        connections.put(stream, connection);
        executor.execute(connection::run);
        yield true;
      }
      default -> false;
    };
  }

  @Override
  public void received(int stream, byte[] bytes, boolean last) {
    Connection connection = connections.get(stream);
    if (connection != null) {
      connection.received(bytes, last);
    }
  }

  @Override
  public void reset(int stream) {
    Connection connection = connections.get(stream);
    if (connection != null) {
      connection.close();
    }
  }

  @Override
  public void ended() {
    connections.values().forEach(Connection::close);
  }

  /** One connection to a port: one thread for each direction, the first also makes it. */
  private final class Connection {
    private final int data;
    private final int error;
    private final int port;
    private final BlockingQueue<byte[]> toPod = new ArrayBlockingQueue<>(QUEUED_CHUNKS);
    private final Socket socket = new Socket();
    private volatile boolean closed;

    Connection(int data, int error, int port) {
      this.data = data;
      this.error = error;
      this.port = port;
    }

    void run() {
      try {
        copy();
      } catch (UncheckedIOException | CloseConnectionException e) {
        LOG.debug("port {}: the client has gone", port, e);
      }
    }

    private void copy() {
      try (socket) {
        connect();
        executor.execute(this::write);
        byte[] chunk = new byte[CHUNK];
        var in = socket.getInputStream();
        for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
          streams.send(data, Arrays.copyOf(chunk, read), false);
        }
        finish(END);
      } catch (IOException e) {
        if (!closed) {
          finish(message(e).getBytes(StandardCharsets.UTF_8));
        }
      } finally {
        closed = true;
        connections.remove(data);
      }
    }

    private void connect() throws IOException {
      if (port < 1 || port > 65_535) {
        throw new IOException("not a port");
      }
      // The host's own loopback: what else listens there is none of the pod's.
      if (pod.getAddress().isLoopbackAddress() && port != pod.getPort()) {
        throw new IOException("the pod is reached at port " + pod.getPort() + " alone");
      }
      var to = new InetSocketAddress(pod.getAddress(), port);
      socket.connect(to, (int) CONNECT.toMillis());
      socket.setTcpNoDelay(true);
    }

    private String message(IOException e) {
      return "port %d of the pod at %s: %s (expected: a port on which it listens at its own address, not at its loopback alone)"
          .formatted(port, pod.getAddress().getHostAddress(), e.getMessage());
    }

    private void finish(byte[] problem) {
      streams.send(data, END, true);
      streams.send(error, problem, true);
    }

    private void write() {
      try {
        var out = socket.getOutputStream();
        while (!closed) {
          byte[] next = toPod.poll(1, TimeUnit.SECONDS);
          if (next != null && next.length == 0) { // END
            socket.shutdownOutput();
            return;
          }
          if (next != null) {
            out.write(next);
          }
        }
      } catch (IOException e) {
        close(); // who reads from it tells the client
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    void received(byte[] bytes, boolean last) {
      boolean taken = bytes.length == 0 || offer(bytes);
      if (taken && last) {
        taken = offer(END);
      }
      if (!taken) {
        close();
        streams.reset(data);
      }
    }

    private boolean offer(byte[] bytes) {
      try {
        return closed || toPod.offer(bytes, PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    void close() {
      closed = true;
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
