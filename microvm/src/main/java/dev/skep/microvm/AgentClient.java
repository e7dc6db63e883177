package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.ExecSpec;
import dev.skep.sandbox.ExecToEnd;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.databind.node.ObjectNode;

/**
 * Host end of one connection to the agent of one guest. Safe for use by several threads; requests
 * block and suit virtual threads. Ends for good with {@link AgentEvent.Disconnected}: to go on,
 * connect a new one, which takes the channel over.
 *
 * <p>Requests throw {@link SkepException}: UNAVAILABLE where the channel is gone, TIMEOUT where the
 * agent did not answer in time, INVALID or INTERNAL where it refused.
 */
final class AgentClient implements AutoCloseable {
  static final int PORT = 1024;

  /** The console line that says: dial now. */
  static final String DOORBELL = "skep-agent: listening";

  private static final int PROTOCOL = 2;
  private static final int SEED_BYTES = 64;
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String name;
  private final AgentListener listener;
  private final InstantSource clock;
  private final Socket socket;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final AgentHello hello;
  private final AtomicLong ids = new AtomicLong();
  private final Map<Long, CompletableFuture<ObjectNode>> calls = new ConcurrentHashMap<>();
  private final Map<Long, AgentExec> execs = new ConcurrentHashMap<>();
  private volatile boolean closed;

  private AgentClient(String name, Socket socket, AgentListener listener, InstantSource clock)
      throws IOException {
    this.name = name;
    this.listener = listener;
    this.clock = clock;
    this.socket = socket;
    this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 64 << 10));
    this.out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 16 << 10));
    this.hello = greeting(AgentFrames.read(in));
  }

  /**
   * Dials an agent that listens and waits for its greeting, at most {@code timeout}. Events reach
   * {@code listener} from then on.
   *
   * @param name of the sandbox, for messages and the thread's name
   */
  static AgentClient connect(
      String name, InetSocketAddress address, Duration timeout, AgentListener listener) {
    return connect(name, address, timeout, listener, InstantSource.system());
  }

  static AgentClient connect(
      String name,
      InetSocketAddress address,
      Duration timeout,
      AgentListener listener,
      InstantSource clock) {
    var socket = new Socket();
    try {
      socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
      socket.connect(address, millis(timeout));
      socket.setSoTimeout(millis(timeout));
      var client = new AgentClient(name, socket, listener, clock);
      socket.setSoTimeout(0);
      Thread.ofVirtual().name("agent-" + name).start(client::readAll);
      return client;
    } catch (IOException e) {
      closeQuietly(socket);
      throw new SkepException(
          Code.UNAVAILABLE,
          "agent of sandbox "
              + name
              + " at "
              + address
              + ": "
              + e.getMessage()
              + " (expected: a greeting within "
              + timeout.toMillis()
              + " ms)",
          e);
    }
  }

  /** What the agent said of itself when this client connected. */
  AgentHello hello() {
    return hello;
  }

  /**
   * Configures the guest and runs the function's process; returns when it has been executed, not
   * when it is ready: that is an event. Call once per guest.
   */
  AgentStart start(AgentConfig config, Duration timeout) {
    for (ObjectNode mount : GuestMounts.messages(config.mounts(), config.limits().memoryBytes())) {
      orThrow(ask(mount, timeout));
    }
    ObjectNode reply = ask(AgentMessages.start(config, clock.instant(), seed()), timeout);
    return reply.has("error")
        ? AgentMessages.refused(reply.path("error"))
        : new AgentStart.Started(AgentMessages.micros(reply, "execMicros"));
  }

  /**
   * Gives a clone its own identity, before its first request: name, resolvers, clock and entropy.
   *
   * @return whether the image has a hook to run now
   */
  boolean restored(AgentConfig config, Duration timeout) {
    ObjectNode message = AgentMessages.restored(config, clock.instant(), seed());
    return orThrow(ask(message, timeout)).path("hook").asBoolean(false);
  }

  /** Begins a command as the function's user, in its folder and with its environment. */
  AgentExec exec(ExecSpec command) {
    if (command.terminal().isPresent()) {
      throw new SkepException(
          Code.UNSUPPORTED,
          "sandbox %s: commands in microVMs have no terminals (expected: none asked, or a container)"
              .formatted(name));
    }
    long id = ids.incrementAndGet();
    var exec = new AgentExec(id, this::send);
    execs.put(id, exec);
    try {
      send(AgentMessages.exec(command).put("id", id));
    } catch (IOException e) {
      execs.remove(id);
      throw gone();
    }
    if (closed) {
      exec.failed(gone());
    }
    return exec;
  }

  /** To its end. */
  ExecResult exec(List<String> argv, Duration timeout) {
    String what = "exec of " + argv.getFirst() + " in sandbox " + name;
    return ExecToEnd.run(exec(ExecSpec.of(argv, false)), what, new byte[0], timeout);
  }

  /** Sends a signal to the function's process. */
  void signal(int signal) {
    orThrow(ask(AgentMessages.bare("signal").put("signal", signal), ANSWER));
  }

  /**
   * Begins the end: SIGTERM, SIGKILL after {@code grace}, power off. Returns when the agent has
   * understood; the VMM's exit tells when it is done.
   */
  void stop(Duration grace) {
    orThrow(ask(AgentMessages.bare("stop").put("graceMillis", grace.toMillis()), ANSWER));
  }

  AgentStats stats() {
    return AgentMessages.stats(orThrow(ask(AgentMessages.bare("stats"), ANSWER)));
  }

  AgentStatus status() {
    return AgentMessages.status(orThrow(ask(AgentMessages.bare("status"), ANSWER)));
  }

  /** Hangs up; the guest goes on. Idempotent. */
  @Override
  public void close() {
    closed = true;
    closeQuietly(socket);
  }

  private static byte[] seed() {
    byte[] seed = new byte[SEED_BYTES];
    RANDOM.nextBytes(seed);
    return seed;
  }

  private ObjectNode ask(ObjectNode message, Duration timeout) {
    long id = ids.incrementAndGet();
    var reply = new CompletableFuture<ObjectNode>();
    calls.put(id, reply);
    try {
      send(message.put("id", id));
      if (closed) {
        throw gone();
      }
      return reply.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (IOException | ExecutionException e) {
      throw gone();
    } catch (TimeoutException e) {
      throw new SkepException(
          Code.TIMEOUT,
          "agent of sandbox "
              + name
              + ": no answer to '"
              + message.path("type").asString("")
              + "' within "
              + timeout.toMillis()
              + " ms");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while waiting for the agent", e);
    } finally {
      calls.remove(id);
    }
  }

  private void send(ObjectNode message) throws IOException {
    synchronized (out) {
      AgentFrames.write(out, message);
    }
  }

  private void readAll() {
    String reason = "closed by the host";
    try {
      while (!closed) {
        dispatch(AgentFrames.read(in));
      }
    } catch (IOException | RuntimeException e) {
      reason = closed ? reason : String.valueOf(e.getMessage() == null ? "end of stream" : e);
    }
    close();
    calls.values().forEach(reply -> reply.completeExceptionally(gone()));
    execs.values().forEach(exec -> exec.failed(gone()));
    listener.onEvent(new AgentEvent.Disconnected(reason));
  }

  private void dispatch(ObjectNode message) throws IOException {
    switch (message.path("type").asString("")) {
      case "output" -> {
        listener.onEvent(AgentMessages.output(message));
        acknowledge(message.path("seq").asLong(0));
      }
      case "execOutput", "execTaken" -> {
        AgentExec exec = execs.get(message.path("id").asLong(0));
        if (exec != null) {
          stream(exec, message);
        }
      }
      case "reply" -> replied(message.path("id").asLong(0), message);
      case "ready" ->
          listener.onEvent(
              new AgentEvent.Ready(
                  AgentMessages.micros(message, "readyMicros"),
                  message.path("attempts").asLong(0)));
      case "readiness" ->
          listener.onEvent(
              new AgentEvent.ReadinessChanged(
                  message.path("ready").asBoolean(false), message.path("message").asString("")));
      case "exited" -> listener.onEvent(AgentMessages.exited(message));
      default -> {} // of a newer agent
    }
  }

  private static void stream(AgentExec exec, ObjectNode message) {
    if (message.path("type").asString("").equals("execTaken")) {
      exec.taken(message.path("bytes").asInt(0), message.path("reads").asBoolean(true));
    } else {
      exec.output(message.path("stream").asInt(1) == 2, AgentMessages.bytes(message, "data"));
    }
  }

  private void replied(long id, ObjectNode message) {
    AgentExec exec = execs.remove(id);
    CompletableFuture<ObjectNode> waiting = calls.get(id);
    if (waiting != null) {
      waiting.complete(message);
    } else if (exec != null && message.has("error")) {
      ended(exec, message);
    } else if (exec != null) {
      exec.ended(message.path("code").asInt(1));
    }
  }

  private void ended(AgentExec exec, ObjectNode message) {
    var refused = AgentMessages.refused(message.path("error"));
    switch (refused.cause()) {
      case COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE -> exec.refused(refused);
      default -> exec.failed(refusal(refused.message(), message));
    }
  }

  /** Once per burst: while more frames wait in the buffer, their confirmation will do. */
  private void acknowledge(long seq) throws IOException {
    if (in.available() == 0) {
      send(AgentMessages.bare("ack").put("seq", seq));
    }
  }

  private AgentHello greeting(ObjectNode message) throws IOException {
    var greeting = AgentMessages.hello(message);
    if (!message.path("type").asString("").equals("hello") || greeting.protocol() != PROTOCOL) {
      throw new IOException(
          "greeting of type '"
              + message.path("type").asString("")
              + "', protocol "
              + greeting.protocol()
              + " (expected: hello, protocol "
              + PROTOCOL
              + ")");
    }
    return greeting;
  }

  private ObjectNode orThrow(ObjectNode reply) {
    if (reply.has("error")) {
      throw refusal(reply.path("error").path("message").asString(""), reply);
    }
    return reply;
  }

  private SkepException refusal(String message, ObjectNode reply) {
    String code = reply.path("error").path("code").asString("");
    return new SkepException(
        switch (code) {
          case "BAD_REQUEST" -> Code.INVALID;
          case "STATE" -> Code.CONFLICT;
          case "LIMIT" -> Code.EXHAUSTED;
          default -> Code.INTERNAL;
        },
        "agent of sandbox " + name + ": " + message);
  }

  private SkepException gone() {
    return new SkepException(
        Code.UNAVAILABLE, "agent of sandbox " + name + ": the channel is closed");
  }

  private static int millis(Duration timeout) {
    return Math.clamp(timeout.toMillis(), 1, Integer.MAX_VALUE);
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // nothing is left to do with a socket that does not close
    }
  }
}
