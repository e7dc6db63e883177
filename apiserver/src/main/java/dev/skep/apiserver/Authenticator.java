package dev.skep.apiserver;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** Decides who may call. */
interface Authenticator {
  /** For the unix socket: who can open it may call. */
  Authenticator ANYBODY = _ -> {};

  /** Fails with 401. */
  void check(Exchange exchange);

  /** Asks for a bearer token; compares in constant time and never repeats what it got. */
  static Authenticator token(String token) {
    byte[] expected = bytes("Bearer " + token);
    return exchange -> {
      byte[] found = bytes(exchange.header("Authorization").orElse(""));
      if (!MessageDigest.isEqual(expected, found)) {
        throw new ApiFailure(
            401,
            "Unauthorized",
            "Unauthorized (expected: the bearer token of the generated kubeconfig)");
      }
    };
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
