package dev.skep.microvm;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/**
 * An agent for one connection: greets, keeps what it is asked, and answers as it is told. {@code
 * ID} in an answer stands for the request's id.
 */
final class FakeAgent implements AutoCloseable {
  static final String HELLO =
      """
      {"type":"hello","protocol":2,"state":"running","ready":true,"bootMicros":1500000,"listenMicros":90000}""";

  private final ServerSocket server;
  private final BlockingQueue<ObjectNode> requests = new LinkedBlockingQueue<>();
  private final CompletableFuture<DataOutputStream> out = new CompletableFuture<>();

  FakeAgent(String greeting, Function<ObjectNode, List<String>> answers) throws IOException {
    server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().name("fake-agent").start(() -> serve(greeting, answers));
  }

  static FakeAgent answering(String... answers) throws IOException {
    return new FakeAgent(HELLO, _ -> List.of(answers));
  }

  InetSocketAddress address() {
    return new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
  }

  /** The next request that is not a confirmation. */
  ObjectNode request() throws InterruptedException {
    ObjectNode next = next();
    return next.path("type").asString("").equals("ack") ? request() : next;
  }

  ObjectNode next() throws InterruptedException {
    ObjectNode next = requests.poll(10, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("no request within 10 s");
    }
    return next;
  }

  void push(String message) throws IOException {
    byte[] bytes = message.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    raw(bytes.length, bytes);
  }

  void raw(int length, byte[] bytes) throws IOException {
    DataOutputStream to = out.join();
    synchronized (to) {
      to.writeInt(length);
      to.write(bytes);
      to.flush();
    }
  }

  void hangUp() throws IOException {
    out.join().close();
  }

  private void serve(String greeting, Function<ObjectNode, List<String>> answers) {
    try (Socket socket = server.accept()) {
      out.complete(new DataOutputStream(socket.getOutputStream()));
      if (!greeting.isEmpty()) {
        push(greeting);
      }
      var in = new DataInputStream(socket.getInputStream());
      while (true) {
        ObjectNode request = AgentFrames.read(in);
        requests.add(request);
        if (!request.path("type").asString("").equals("ack")) {
          for (String answer : answers.apply(request)) {
            push(answer.replace("ID", request.path("id").asString("")));
          }
        }
      }
    } catch (IOException e) {
      // the client has hung up, which ends this agent
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
