package dev.skep.microvm;

import dev.skep.sandbox.ExecResult;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.node.ObjectNode;

/** One request that waits for its reply, and the output that comes before it. */
final class AgentCall {
  private static final int MAX_OUTPUT_BYTES = 1 << 20;

  private final CompletableFuture<ObjectNode> reply = new CompletableFuture<>();
  private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
  private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();

  CompletableFuture<ObjectNode> reply() {
    return reply;
  }

  void add(boolean toStderr, byte[] bytes) {
    var stream = toStderr ? stderr : stdout;
    stream.write(bytes, 0, Math.min(bytes.length, MAX_OUTPUT_BYTES - stream.size()));
  }

  /** Call after the reply has come: nothing is added then. */
  ExecResult result(int exitCode) {
    return new ExecResult(exitCode, stdout.toByteArray(), stderr.toByteArray());
  }

  ExecResult refused(AgentStart.Refused refused) {
    stderr.writeBytes(refused.message().getBytes(StandardCharsets.UTF_8));
    return result(refused.cause().exitCode());
  }
}
