package dev.skep.testkit.firecracker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The API's socket. One thread answers all requests and runs the machine: while a page of the
 * guest's memory is waited for, nobody is answered.
 */
final class ApiServer implements AutoCloseable {
  private static final int MAX_CONNECTIONS = 10;

  private final ServerSocketChannel socket;
  private final Machine machine;
  private final ExecutorService vmm;
  private final AtomicInteger connections = new AtomicInteger();

  private ApiServer(ServerSocketChannel socket, Machine machine) {
    this.socket = socket;
    this.machine = machine;
    this.vmm =
        Executors.newSingleThreadExecutor(Thread.ofPlatform().name("vmm").daemon().factory());
  }

  /**
   * Listens from its return on.
   *
   * @throws IOException if the path is in use, or no socket can be there
   */
  static ApiServer listen(Path path, Machine machine) throws IOException {
    var socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    socket.bind(UnixDomainSocketAddress.of(path));
    var server = new ApiServer(socket, machine);
    Thread.ofPlatform().name("fc_api").daemon().start(server::accept);
    return server;
  }

  @Override
  public void close() throws IOException {
    socket.close();
    vmm.shutdownNow();
  }

  private void accept() {
    while (true) {
      try {
        SocketChannel connection = socket.accept();
        if (connections.incrementAndGet() > MAX_CONNECTIONS) {
          connections.decrementAndGet();
          refuse(connection);
        } else {
          Thread.ofPlatform().name("connection").daemon().start(() -> serve(connection));
        }
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private static void refuse(SocketChannel connection) throws IOException {
    try (connection;
        OutputStream out = Channels.newOutputStream(connection)) {
      out.write(Reply.tooMany());
    }
  }

  private void serve(SocketChannel connection) {
    try (connection;
        InputStream in = Channels.newInputStream(connection);
        OutputStream out = Channels.newOutputStream(connection)) {
      var requests = new HttpReader(in, out);
      for (Optional<Reply> reply = answer(requests); reply.isPresent(); reply = answer(requests)) {
        out.write(reply.get().bytes());
        if (reply.get().last()) {
          machine.end(1);
        }
        vmm.execute(machine::goOn); // before any later request
      }
    } catch (IOException | ExecutionException | RejectedExecutionException e) {
      // the client has gone, or the server
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      connections.decrementAndGet();
    }
  }

  private Optional<Reply> answer(HttpReader requests)
      throws IOException, InterruptedException, ExecutionException {
    try {
      Optional<HttpReader.Request> request = requests.next();
      return request.isEmpty()
          ? Optional.empty()
          : Optional.of(vmm.submit(() -> machine.answer(request.get())).get());
    } catch (HttpReader.BadRequest e) {
      return Optional.of(Reply.badHttp(String.valueOf(e.getMessage())));
    }
  }
}
