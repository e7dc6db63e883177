package dev.skep.apiserver;

import dev.skep.sandbox.ExecProcess;
import dev.skep.sandbox.ExecSpec;
import java.net.InetSocketAddress;

/**
 * A pod that runs, of a Deployment or of a function.
 *
 * @param endpoint where the host reaches its port
 */
record RunningPod(InetSocketAddress endpoint, Commands commands) {
  /** Begins a command inside. */
  interface Commands {
    ExecProcess exec(ExecSpec command);
  }
}
