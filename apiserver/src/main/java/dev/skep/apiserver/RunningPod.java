package dev.skep.apiserver;

import dev.skep.sandbox.ExecResult;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * A pod that runs, of a Deployment or of a function.
 *
 * @param endpoint where the host reaches its port
 */
record RunningPod(InetSocketAddress endpoint, Commands commands) {
  /** Runs a command inside, blocking. */
  interface Commands {
    ExecResult exec(List<String> argv, byte[] stdin, Duration timeout);
  }
}
