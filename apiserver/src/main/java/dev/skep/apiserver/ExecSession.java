package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.sandbox.ExecResult;
import io.helidon.webserver.CloseConnectionException;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * One {@code kubectl exec}: takes all of stdin, runs the command once that has ended, and gives its
 * output and its exit code. The command goes on when its client goes, as in Kubernetes. Fed by the
 * connection's thread.
 */
final class ExecSession {
  private static final Logger LOG = LoggerFactory.getLogger(ExecSession.class);

  /** What one frame to a guest's agent may carry. */
  static final int MAX_STDIN_BYTES = 1 << 20;

  /** What a sandbox keeps of a command's output, of each stream. */
  static final int MAX_OUTPUT_BYTES = 1 << 20;

  private static final Duration LONGEST = Duration.ofHours(1);

  /** Commands that run on after their clients have gone count, too. */
  private static final Semaphore FREE = new Semaphore(256);

  /**
   * What is to be run.
   *
   * @param stdin whether the client sends any; so for the others
   */
  record Order(RunningPod pod, List<String> argv, boolean stdin, boolean stdout, boolean stderr) {
    boolean wants(ExecChannel channel) {
      return switch (channel) {
        case STDIN -> stdin;
        case STDOUT -> stdout;
        case STDERR -> stderr;
        case ERROR -> true;
        case RESIZE -> false;
      };
    }
  }

  /** To the client; called once for each channel that is wanted, and closed then. */
  interface Client {
    void send(ExecChannel channel, byte[] all);

    void close();
  }

  private final Order order;
  private final Client client;
  private final Executor executor;
  private final ByteArrayOutputStream stdin = new ByteArrayOutputStream();
  private boolean running;

  ExecSession(Order order, Client client, Executor executor) {
    this.order = order;
    this.client = client;
    this.executor = executor;
  }

  Order order() {
    return order;
  }

  /** All channels are open. */
  void opened() {
    if (!order.stdin()) {
      run();
    }
  }

  void stdin(byte[] bytes) {
    if (running) {
      return;
    }
    if (stdin.size() + bytes.length > MAX_STDIN_BYTES) {
      running = true;
      byte[] none = new byte[0];
      var failure =
          internal(
              "stdin: more than %d bytes (expected: at most 1 MiB)".formatted(MAX_STDIN_BYTES));
      answer(new ExecResult(0, none, none), failure);
      return;
    }
    stdin.writeBytes(bytes);
  }

  void stdinEnded() {
    if (order.stdin()) {
      run();
    }
  }

  private void run() {
    if (!running) {
      running = true;
      byte[] input = stdin.toByteArray();
      executor.execute(() -> run(input));
    }
  }

  private void run(byte[] input) {
    byte[] none = new byte[0];
    if (!FREE.tryAcquire()) {
      answer(
          new ExecResult(0, none, none),
          internal("too many commands run in pods (expected: at most 256, try again later)"));
      return;
    }
    try {
      ExecResult result = order.pod().commands().exec(order.argv(), input, LONGEST);
      answer(result, status(result));
    } catch (SkepException e) {
      answer(new ExecResult(0, none, none), ApiFailure.of(e).status());
    } finally {
      FREE.release();
    }
  }

  private void answer(ExecResult result, ObjectNode status) {
    try {
      send(ExecChannel.STDOUT, result.stdout());
      send(ExecChannel.STDERR, result.stderr());
      send(ExecChannel.ERROR, ApiJson.bytes(status));
      client.close();
    } catch (UncheckedIOException | CloseConnectionException e) {
      LOG.debug("exec {}: the client has gone", order.argv().getFirst(), e);
    }
  }

  private void send(ExecChannel channel, byte[] all) {
    if (order.wants(channel)) {
      client.send(channel, all);
    }
  }

  /** As version 4 of the protocol has it: an exit code is a cause of a failure. */
  private static ObjectNode status(ExecResult result) {
    if (Math.max(result.stdout().length, result.stderr().length) >= MAX_OUTPUT_BYTES) {
      return internal(
          "output: more than %d bytes, the rest was dropped (expected: at most 1 MiB of each stream)"
              .formatted(MAX_OUTPUT_BYTES - 1));
    }
    if (result.exitCode() == 0) {
      ObjectNode success = ApiJson.object();
      success.putObject("metadata");
      return success.put("status", "Success");
    }
    String code = Integer.toString(result.exitCode());
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
