package dev.skep.apiserver;

import java.net.InetAddress;
import java.nio.file.Path;

/**
 * Where the API is served.
 *
 * @param state folder for certificate, token, kubeconfig and the unix socket
 * @param address to listen on with TLS; loopback unless the user wants otherwise
 * @param port 0 takes any free one
 * @param version of this Skep
 */
public record ApiOptions(Path state, InetAddress address, int port, String version) {
  /** The port of Kubernetes' API. */
  public static final int DEFAULT_PORT = 6443;

  /** Loopback, on the default port. */
  public static ApiOptions loopback(Path state, String version) {
    return new ApiOptions(state, InetAddress.getLoopbackAddress(), DEFAULT_PORT, version);
  }
}
