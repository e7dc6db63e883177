package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.sandbox.ExecProcess;
import dev.skep.sandbox.ExecSpec;
import dev.skep.sandbox.TerminalSize;
import io.helidon.webserver.CloseConnectionException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One {@code kubectl exec}: the command's streams are the client's, as they come, and its exit code
 * comes last. A client that goes takes its command with it. Fed by the connection's thread, which
 * waits while the command does not read: so does the client.
 */
final class ExecSession {
  private static final Logger LOG = LoggerFactory.getLogger(ExecSession.class);
  private static final int CHUNK = 16 << 10;

  /** While its input is held back, only what is written to a client tells that it has gone. */
  private static final Duration PULSE = Duration.ofSeconds(10);

  private static final Semaphore FREE = new Semaphore(256);

  /**
   * What is to be run.
   *
   * @param stdin whether the client sends any; so for the others
   */
  record Order(
      RunningPod pod,
      List<String> argv,
      boolean stdin,
      boolean stdout,
      boolean stderr,
      boolean tty) {
    boolean wants(ExecChannel channel) {
      return switch (channel) {
        case STDIN -> stdin;
        case STDOUT -> stdout;
        case STDERR -> stderr && !tty;
        case ERROR -> true;
        case RESIZE -> tty;
      };
    }

    private ExecSpec command() {
      var size = tty ? Optional.of(new TerminalSize(0, 0)) : Optional.<TerminalSize>empty();
      return new ExecSpec(argv, stdin, size);
    }
  }

  /** To the client. Blocks as long as that does not read; fails unchecked when it has gone. */
  interface Client {
    void send(ExecChannel channel, byte[] bytes, boolean last);

    /** Something that changes nothing. */
    void pulse();

    void close();
  }

  private final Order order;
  private final Client client;
  private final Executor executor;
  private final CompletableFuture<ExecProcess> process = new CompletableFuture<>();
  private volatile boolean over;

  ExecSession(Order order, Client client, Executor executor) {
    this.order = order;
    this.client = client;
    this.executor = executor;
  }

  /** All channels are open. */
  void opened() {
    executor.execute(this::run);
  }

  void stdin(byte[] bytes) {
    onProcess(
        command -> {
          OutputStream stdin = command.stdin();
          stdin.write(bytes);
          stdin.flush();
        });
  }

  void stdinEnded() {
    onProcess(command -> command.stdin().close());
  }

  /**
   * @param bytes JSON of a {@code TerminalSize}, as the client library writes it
   */
  void resize(byte[] bytes) {
    onProcess(
        command -> {
          JsonNode size = ApiJson.mapper().readTree(bytes);
          command.resize(
              new TerminalSize(size.path("Width").asInt(0), size.path("Height").asInt(0)));
        });
  }

  /** The client has gone. */
  void ended() {
    over = true;
    var _ = process.thenAccept(ExecProcess::close);
  }

  private interface Step {
    void take(ExecProcess command) throws IOException;
  }

  private void onProcess(Step step) {
    if (over) {
      return;
    }
    try {
      step.take(process.get());
    } catch (IOException | JacksonException | SkepException | ExecutionException e) {
      LOG.debug("exec {}: {}", order.argv().getFirst(), e.toString()); // its end says why
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    if (!FREE.tryAcquire()) {
      finish(internal("too many commands run in pods (expected: at most 256, try again later)"));
      return;
    }
    try (ExecProcess command = order.pod().commands().exec(order.command())) {
      process.complete(command);
      finish(status(follow(command)));
    } catch (SkepException e) {
      finish(ApiFailure.of(e).status());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the server is closing
    } finally {
      over = true;
      process.cancel(false);
      FREE.release();
    }
  }

  private void finish(ObjectNode status) {
    over = true;
    process.cancel(false); // who waits to write to it gives up
    try {
      client.send(ExecChannel.ERROR, ApiJson.bytes(status), true);
      client.close();
    } catch (UncheckedIOException | CloseConnectionException e) {
      LOG.debug("exec {}: the client has gone", order.argv().getFirst(), e);
    }
  }

  private int follow(ExecProcess command) throws InterruptedException {
    CompletableFuture<Void> stdout = copying(ExecChannel.STDOUT, command.stdout());
    CompletableFuture<Void> stderr = copying(ExecChannel.STDERR, command.stderr());
    int code = await(command, command.onExit());
    await(command, CompletableFuture.allOf(stdout, stderr));
    return code;
  }

  private CompletableFuture<Void> copying(ExecChannel channel, InputStream from) {
    return CompletableFuture.runAsync(() -> copy(channel, from), executor);
  }

  private void copy(ExecChannel channel, InputStream from) {
    byte[] chunk = new byte[CHUNK];
    try (from) {
      for (int got = from.read(chunk); got >= 0; got = from.read(chunk)) {
        send(channel, Arrays.copyOf(chunk, got), false);
      }
      send(channel, new byte[0], true);
    } catch (IOException | UncheckedIOException | CloseConnectionException e) {
      LOG.debug("exec {}: {}", order.argv().getFirst(), e.toString());
      ended();
    }
  }

  private void send(ExecChannel channel, byte[] bytes, boolean last) {
    if (order.wants(channel)) {
      client.send(channel, bytes, last);
    }
  }

  private <T> T await(ExecProcess command, CompletableFuture<T> event) throws InterruptedException {
    while (true) {
      try {
        return event.get(PULSE.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        pulse(command);
      } catch (ExecutionException e) {
        throw e.getCause() instanceof SkepException failure
            ? failure
            : new SkepException(Code.INTERNAL, "exec: " + e.getCause(), e);
      }
    }
  }

  private void pulse(ExecProcess command) {
    try {
      client.pulse();
    } catch (UncheckedIOException | CloseConnectionException e) {
      LOG.debug("exec {}: the client has gone", order.argv().getFirst(), e);
      command.close();
    }
  }

  /** As version 4 of the protocol has it: an exit code is a cause of a failure. */
  private static ObjectNode status(int exitCode) {
    if (exitCode == 0) {
      ObjectNode success = ApiJson.object();
      success.putObject("metadata");
      return success.put("status", "Success");
    }
    String code = Integer.toString(exitCode);
    return new ApiFailure(
            500,
            "NonZeroExitCode",
            "command terminated with non-zero exit code: exit status " + code)
        .because("ExitCode", code, "")
        .status();
  }

  private static ObjectNode internal(String message) {
    return new ApiFailure(500, "InternalError", message).status();
  }
}
